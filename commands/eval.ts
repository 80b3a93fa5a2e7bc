import { Args, Flags } from '@oclif/core';
import { renderEval } from '../src/render/eval.js';
import { BankaiCommand } from './base.js';
import { readProbeFile } from './terminal/files.js';
import { defaultThreads } from './terminal/person.js';

export default class Eval extends BankaiCommand {
  static override summary = 'Count what a stack fixes and breaks on a probe file, against the base.';
  static override description =
    'Every prompt is answered greedily; an answer is right when its first line equals the correct answer or an alternate. ' +
    'The p-value is that of the exact two-sided McNemar test.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> calc --probes calculus-heldout',
    '<%= config.bin %> <%= command.id %> calc+math --probes heldout.json --json',
  ];
  static override args = { stack: Args.string({ required: true, description: 'The stack to evaluate.' }) };
  static override flags = {
    probes: Flags.string({ required: true, helpValue: 'FILE|NAME', summary: 'Probes that the search has not seen.' }),
    threads: Flags.integer({ min: 1, summary: 'Threads; the answers do not depend on them.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Eval);
    const probes = await readProbeFile(flags.probes, (path) => this.path(path));
    const { evaluate } = await import('../src/workflows/eval.js');
    const update = this.progress('Answering');
    const report = await evaluate(this.directory, {
      stack: args.stack,
      probes,
      threads: flags.threads ?? defaultThreads(),
      signal: this.signal,
      onProgress: (done, total) => update({ done, total }),
    });
    return this.answer(report, renderEval);
  }
}
