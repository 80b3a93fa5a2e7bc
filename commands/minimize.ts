import { Args, Flags } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import { renderMinimize } from '../src/render/derive.js';
import { BankaiCommand } from './base.js';
import { deriveFlags, deriveRequest } from './terminal/derive-flags.js';
import { readProbeFile } from './terminal/files.js';
import { defaultThreads } from './terminal/person.js';

export default class Minimize extends BankaiCommand {
  static override summary = 'Drop the flips that do not earn their place, and show what that does.';
  static override description =
    'Takes back, the worst first, every flip without which the objective is no worse: mean log-probability of the right ' +
    'answers minus the price of what the controls lose. One patch without them takes the place of the old ones at HEAD, or ' +
    'starts a branch with -b. Use probes that the search has not seen: on its own probes a search has kept only what ' +
    'helped. Exits with 1 where every flip earns its place.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> calc --probes calculus-large --controls knowledge',
    '<%= config.bin %> <%= command.id %> 3f1c9a20b7 --probes calc.json --keep-answers -b slim',
  ];
  static override args = {
    patches: Args.string({ required: true, description: 'The first digits of a patch id, or a stack.' }),
  };
  static override flags = {
    ...deriveFlags,
    probes: Flags.string({
      required: true,
      helpValue: 'FILE|NAME',
      summary: 'Probes by which flips earn their place.',
    }),
    controls: Flags.string({ helpValue: 'FILE|NAME', summary: 'Probes that must not get worse.' }),
    'minimum-gain': Flags.string({ default: '0', helpValue: 'NATS', summary: 'What a flip must add to stay.' }),
    'keep-answers': Flags.boolean({ summary: 'Keep what would cost a right answer.' }),
    threads: Flags.integer({ min: 1, summary: 'Threads; the result does not depend on them.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Minimize);
    const read = (name: string) => readProbeFile(name, (path) => this.path(path));
    const probes = await read(flags.probes);
    const controls = flags.controls === undefined ? undefined : await read(flags.controls);
    const minimumGain = parseGain(flags['minimum-gain']);
    const { minimize } = await import('../src/workflows/minimize.js');
    const update = this.progress('Pruning');
    const report = await minimize(
      this.directory,
      {
        ...deriveRequest(args.patches, flags),
        probes,
        ...(controls && { controls }),
        minimumGain,
        keepAnswers: flags['keep-answers'],
        threads: flags.threads ?? defaultThreads(),
        signal: this.signal,
        onProgress: ({ evaluations, dropped, left }) =>
          update({ done: evaluations, extra: `${dropped} dropped, ${left} left` }),
      },
      this.recorder(flags),
    );
    return this.answer(report, renderMinimize);
  }
}

function parseGain(text: string): number {
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw new UsageError('USAGE', `Cannot read the gain "${text}"`, { hint: 'Give nats, e.g. --minimum-gain 0.0005.' });
}
