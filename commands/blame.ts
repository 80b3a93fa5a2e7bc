import { Args, Flags } from '@oclif/core';
import { renderBlame, renderBlameProbes } from '../src/render/blame.js';
import { BankaiCommand } from './base.js';
import { defaultThreads } from './terminal/person.js';
import { probeFlags, readAskedProbes } from './terminal/probe-flags.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Blame extends BankaiCommand {
  static override summary = 'Say which commit made each flip, or how much each flip moves probes.';
  static override description =
    'For a stack, all of its flips by patch and commit; for a row, as blk.1.ffn_up.weight:3150, those of this row. With ' +
    'probes, every flip is really taken back, alone, and the probes are scored without it: log-probability of the right ' +
    'answer, and its margin over the wrong one.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> blk.1.ffn_up.weight:3150 calc+math',
    '<%= config.bin %> <%= command.id %> calc --probes calculus-heldout',
    '<%= config.bin %> <%= command.id %> --prompt "d/dx [x^2] =" --correct " 2x"',
  ];
  static override args = {
    what: Args.string({ default: 'HEAD', description: 'A stack, or a row as TENSOR:ROW.' }),
    stack: Args.string({ default: 'HEAD', description: 'Where the row is looked up.' }),
  };
  static override flags = {
    ...stackFlags,
    ...probeFlags,
    all: Flags.boolean({ summary: 'With probes: list every flip, not the largest effects only.' }),
    threads: Flags.integer({ min: 1, summary: 'Threads; the numbers do not depend on them.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Blame);
    const { blame, blameProbes, parseRowPlace } = await import('../src/workflows/blame.js');
    const place = parseRowPlace(args.what);
    const stack = stackText(place ? args.stack : args.what, flags);
    if (flags.probes === undefined && flags.prompt === undefined) {
      return this.answer(await blame(this.directory, stack, place), renderBlame);
    }
    const probes = await readAskedProbes(flags, (path) => this.path(path));
    const update = this.progress('Taking flips back');
    const report = await blameProbes(this.directory, {
      stack,
      ...(place && { place }),
      probes,
      threads: flags.threads ?? defaultThreads(),
      signal: this.signal,
      onProgress: (done, total) => update({ done, total }),
    });
    return this.answer(report, (data, view) => renderBlameProbes(data, view, flags.all));
  }
}
