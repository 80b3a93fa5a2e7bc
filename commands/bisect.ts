import { Args, Flags } from '@oclif/core';
import { renderBisect } from '../src/render/bisect.js';
import { BankaiCommand } from './base.js';
import { defaultThreads } from './terminal/person.js';
import { probeFlags, readAskedProbes } from './terminal/probe-flags.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Bisect extends BankaiCommand {
  static override summary = 'Find the commit, and the flip inside it, that made probes wrong.';
  static override description =
    'Evaluates states between GOOD and BAD by binary search, then the flips of the commit it finds. The probes that count ' +
    'are those right at GOOD and wrong at BAD; a state is bad where at least half of them are wrong. What it says of the ' +
    'flips is tested: whether they do it alone, and whether the rest does it too. Nothing is changed. Exits with 1 when ' +
    'there is nothing to find.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --probes knowledge',
    '<%= config.bin %> <%= command.id %> --probes facts.json v1.0 calc',
    '<%= config.bin %> <%= command.id %> --prompt "The capital of Peru is" --correct " Lima"',
  ];
  static override args = {
    good: Args.string({ default: 'base', description: 'A stack where the probes are right.' }),
    bad: Args.string({ default: 'HEAD', description: 'A stack where they are wrong.' }),
  };
  static override flags = {
    ...stackFlags,
    ...probeFlags,
    'first-parent': Flags.boolean({ summary: 'Follow the first parents of merges only.' }),
    threads: Flags.integer({ min: 1, summary: 'Threads; the result does not depend on them.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Bisect);
    const probes = await readAskedProbes(flags, (path) => this.path(path));
    const { bisect } = await import('../src/workflows/bisect.js');
    const update = this.progress('Bisecting');
    const report = await bisect(this.directory, {
      good: stackText(args.good, flags),
      bad: stackText(args.bad, flags),
      probes,
      firstParent: flags['first-parent'],
      threads: flags.threads ?? defaultThreads(),
      signal: this.signal,
      onProgress: ({ done, total, place }) => update({ done, total, extra: place }),
    });
    return this.answer(report, renderBisect);
  }
}
