import { Args, Flags } from '@oclif/core';
import { renderProbesCalibrate } from '../../src/render/calibrate.js';
import { BankaiCommand } from '../base.js';
import { readProbeFile } from '../terminal/files.js';
import { defaultThreads } from '../terminal/person.js';

export default class ProbesCalibrate extends BankaiCommand {
  static override summary = 'Keep the probes that a model gets wrong or nearly wrong.';
  static override description =
    'A probe is dropped when the model answers it right and is sure: the right answer is at least --sure times as likely as ' +
    'any wrong one. Wrong answers of the file give way to likelier ones of the model: what it says, or ' +
    'what it goes on to say after its strongest other token in place of a right one.';
  static override examples = [
    '<%= config.bin %> probes calibrate calculus-large -o mine.json --model Bonsai-8B.gguf',
    '<%= config.bin %> probes calibrate mine.json -o hard.json --sure 3 --json',
  ];
  static override args = {
    probes: Args.string({ required: true, description: 'A probe file, or the name of a shipped set.' }),
  };
  static override flags = {
    output: Flags.string({ char: 'o', required: true, helpValue: 'FILE', summary: 'The probe file to write.' }),
    model: Flags.string({ helpValue: 'FILE', summary: 'The model to ask, instead of the working model.' }),
    sure: Flags.integer({
      min: 1,
      default: 10,
      helpValue: 'TIMES',
      summary: 'How many times as likely as a wrong answer a right one is that need not be learnt.',
    }),
    force: Flags.boolean({ char: 'f', summary: 'Replace the file if it exists.' }),
    threads: Flags.integer({ min: 1, summary: 'Threads; the probes do not depend on them.' }),
  };

  async run() {
    const { args, flags } = await this.parse(ProbesCalibrate);
    const probes = await readProbeFile(args.probes, (path) => this.path(path));
    const { calibrateProbes } = await import('../../src/workflows/calibrate-probes.js');
    const update = this.progress('Asking');
    const report = await calibrateProbes(this.directory, {
      probes,
      ...(flags.model !== undefined && { model: this.path(flags.model) }),
      sureFrom: flags.sure,
      path: this.path(flags.output),
      overwrite: flags.force,
      threads: flags.threads ?? defaultThreads(),
      signal: this.signal,
      onProgress: (done, total) => update({ done, total }),
    });
    return this.answer(report, renderProbesCalibrate);
  }
}
