import { Args, Flags } from '@oclif/core';
import { renderPush } from '../src/render/push.js';
import { BankaiCommand } from './base.js';
import { remoteFlags } from './terminal/remote-options.js';

export default class Push extends BankaiCommand {
  static override summary = 'Send a branch or tag to a remote, if nothing is lost over there.';
  static override description =
    'Where the remote has commits that the branch lacks it is refused: pull first. Exits with 1 when the remote, or this ' +
    'rule, refuses.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> -u origin calc',
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> origin HEAD:experiments/today',
    '<%= config.bin %> <%= command.id %> --tags',
    '<%= config.bin %> <%= command.id %> --delete origin old',
  ];
  static override args = {
    remote: Args.string({ description: 'Name of the remote; by default the one that the branch follows, or origin.' }),
    branch: Args.string({ description: 'A branch, a tag, or REVISION:BRANCH; by default the current branch.' }),
  };
  static override flags = {
    'set-upstream': Flags.boolean({ char: 'u', summary: 'The branch follows that of the remote from now on.' }),
    tags: Flags.boolean({ summary: 'Send all tags too; alone, only the tags.' }),
    delete: Flags.boolean({ char: 'd', summary: 'Remove the branch or tag over there.' }),
    'force-with-lease': Flags.boolean({
      summary: 'Replace what the branch is over there, if it still is what you last saw.',
    }),
    ...remoteFlags,
  };

  async run() {
    const { args, flags } = await this.parse(Push);
    const { push } = await import('../src/workflows/push.js');
    const request = {
      ...(args.remote !== undefined && { remote: args.remote }),
      ...(args.branch !== undefined && { what: args.branch }),
      tags: flags.tags,
      remove: flags.delete,
      forceWithLease: flags['force-with-lease'],
      setUpstream: flags['set-upstream'],
    };
    const sending = this.progress('Sending');
    const options = {
      ...(await this.remoteOptions(flags.timeout)),
      onBytes: (done: number) => sending({ done, extra: 'bytes' }),
    };
    return this.answer(await push(this.directory, request, this.actor, options), renderPush);
  }
}
