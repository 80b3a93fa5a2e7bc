import { Args, Flags } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import { renderAttest } from '../src/render/attest.js';
import { BankaiCommand } from './base.js';
import { readProbeFile } from './terminal/files.js';
import { signingFlags } from './terminal/passphrase.js';
import { defaultThreads } from './terminal/person.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Attest extends BankaiCommand {
  static override summary = 'Say what you think of a patch, signed; or take one back.';
  static override description =
    'The statement is committed beside the patch, which must be in the state of HEAD. With --heldout the patch alone is ' +
    'measured against the base and that is signed too; problems that its search saw are refused. A patch that its ' +
    'author, or somebody whom you trust, revokes is not checked out any more. With --co-sign you stand for what is said ' +
    'already, as its author does: replay it first.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 3f1c9a20b7 --read --verdict approve --comment "gates only"',
    '<%= config.bin %> <%= command.id %> calc --verdict approve --heldout exam.json',
    '<%= config.bin %> <%= command.id %> calc --co-sign evaluation',
    '<%= config.bin %> <%= command.id %> calc --revoke "breaks sums over 100"',
  ];
  static override args = {
    patch: Args.string({ required: true, description: 'The first digits of its id, or a stack of one patch.' }),
  };
  static override flags = {
    ...stackFlags,
    read: Flags.boolean({ summary: 'You looked at its flips and its evidence.' }),
    ran: Flags.boolean({ summary: 'You ran the model with it.' }),
    verdict: Flags.option({ options: ['approve', 'reject'] as const, summary: 'What you think of it.' })(),
    comment: Flags.string({ helpValue: 'TEXT', summary: 'Why.' }),
    heldout: Flags.string({
      multiple: true,
      helpValue: 'FILE|NAME',
      summary: 'Problems to measure it on. Repeatable.',
    }),
    revoke: Flags.string({
      helpValue: 'REASON',
      exclusive: ['read', 'ran', 'verdict', 'comment', 'heldout', 'co-sign'],
      summary: 'Take the patch back.',
    }),
    'co-sign': Flags.string({
      helpValue: 'STATEMENT',
      exclusive: ['read', 'ran', 'verdict', 'comment', 'heldout'],
      summary: 'Sign what somebody else has stated: its kind, or the first digits of its digest, as "show" has it.',
    }),
    threads: Flags.integer({ min: 1, summary: 'Threads; the result does not depend on them.' }),
    ...signingFlags,
  };

  async run() {
    const { args, flags } = await this.parse(Attest);
    const { attest, coSign, revokePatch } = await import('../src/workflows/attest.js');
    const patch = stackText(args.patch, flags);
    const recorder = this.recorder(flags);
    if (flags.revoke !== undefined) {
      return this.answer(await revokePatch(this.directory, { patch, reason: flags.revoke }, recorder), renderAttest);
    }
    if (flags['co-sign'] !== undefined) {
      return this.answer(await coSign(this.directory, { patch, statement: flags['co-sign'] }, recorder), renderAttest);
    }
    if (flags.verdict === undefined) {
      throw new UsageError('USAGE', 'A review needs a verdict', {
        hint: 'Give --verdict approve or --verdict reject, and --read, --ran or --heldout.',
      });
    }
    const names = flags.heldout ?? [];
    const heldOut = await Promise.all(names.map((name) => readProbeFile(name, (path) => this.path(path))));
    const update = this.progress('Measuring');
    const request = {
      ...{ patch, read: flags.read, ran: flags.ran, verdict: flags.verdict, heldOut },
      ...(flags.comment !== undefined && { comment: flags.comment }),
      threads: flags.threads ?? defaultThreads(),
      signal: this.signal,
      onProgress: (done: number, total: number) => update({ done, total }),
    };
    return this.answer(await attest(this.directory, request, recorder), renderAttest);
  }
}
