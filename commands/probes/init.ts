import { Args, Flags } from '@oclif/core';
import { renderProbesInit } from '../../src/render/probes.js';
import { BankaiCommand } from '../base.js';

export default class ProbesInit extends BankaiCommand {
  static override summary = 'Start a probe file, from examples or from sample templates.';
  static override description = 'A file that exists already is never touched.';
  static override examples = [
    '<%= config.bin %> probes init mine.json',
    '<%= config.bin %> probes init sums.json --example "17 + 4 = => 21 => 20"',
  ];
  static override args = { file: Args.string({ required: true, description: 'The file to write.' }) };
  static override flags = {
    example: Flags.string({
      multiple: true,
      default: [],
      helpValue: 'TEXT',
      summary: 'A probe: "PROMPT => ANSWER", or with "=> WRONG ANSWER" after it. May be repeated.',
    }),
  };

  async run() {
    const { args, flags } = await this.parse(ProbesInit);
    const { initProbes } = await import('../../src/workflows/probe-files.js');
    return this.answer(await initProbes(this.path(args.file), flags.example), renderProbesInit);
  }
}
