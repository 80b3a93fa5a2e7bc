import { Args } from '@oclif/core';
import { renderProbesExpand } from '../../src/render/probes.js';
import { BankaiCommand } from '../base.js';
import { readProbeFile } from '../terminal/files.js';

export default class ProbesExpand extends BankaiCommand {
  static override summary = 'Print the probes that a file with templates stands for.';
  static override description =
    'The same file always gives the same probes; every command takes it as it is. With --json a plain probe file is printed.';
  static override examples = [
    '<%= config.bin %> probes expand mine.json',
    '<%= config.bin %> probes expand mine.json --json',
  ];
  static override args = {
    probes: Args.string({ required: true, description: 'A probe file, or the name of a shipped set.' }),
  };

  async run() {
    const { args } = await this.parse(ProbesExpand);
    const probes = await readProbeFile(args.probes, (path) => this.path(path));
    const { expandProbes } = await import('../../src/workflows/probe-files.js');
    return this.answer(expandProbes(probes), renderProbesExpand);
  }
}
