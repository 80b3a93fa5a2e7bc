import { Args, Flags } from '@oclif/core';
import { renderProbesSplit } from '../../src/render/probes.js';
import { BankaiCommand } from '../base.js';
import { readProbeFile } from '../terminal/files.js';

export default class ProbesSplit extends BankaiCommand {
  static override summary = 'Divide a probe file into one to search on and one to judge by.';
  static override description =
    'Of every category a part is held out. Prompts that differ in case, spacing or punctuation alone, and prompts of one ' +
    'category with the same numbers and the same answer, never come apart.';
  static override examples = [
    '<%= config.bin %> probes split mine.json --search a.json --heldout b.json',
    '<%= config.bin %> probes split sums --search a.json --heldout b.json --percent 30 -f',
  ];
  static override args = {
    probes: Args.string({ required: true, description: 'A probe file, or the name of a shipped set.' }),
  };
  static override flags = {
    search: Flags.string({ required: true, helpValue: 'FILE', summary: 'The file to write for searching.' }),
    heldout: Flags.string({ required: true, helpValue: 'FILE', summary: 'The file to write for judging.' }),
    percent: Flags.integer({ min: 1, max: 99, default: 50, summary: 'How much of every category is held out.' }),
    seed: Flags.integer({ min: 0, default: 1, summary: 'Decides which probes are held out.' }),
    force: Flags.boolean({ char: 'f', summary: 'Replace the files if they exist.' }),
  };

  async run() {
    const { args, flags } = await this.parse(ProbesSplit);
    const probes = await readProbeFile(args.probes, (path) => this.path(path));
    const { splitProbeFile } = await import('../../src/workflows/probe-files.js');
    const report = await splitProbeFile({
      probes,
      share: flags.percent / 100,
      seed: flags.seed,
      searchPath: this.path(flags.search),
      heldOutPath: this.path(flags.heldout),
      overwrite: flags.force,
    });
    return this.answer(report, renderProbesSplit);
  }
}
