import { Flags } from '@oclif/core';
import { renderInit } from '../src/render/init.js';
import { BankaiCommand } from './base.js';

export default class Init extends BankaiCommand {
  static override summary = 'Make a repository for a base model, with a working model in it.';
  static override description =
    'The working model is a copy of the base model (sharing its blocks until they change, where the disk can), and ' +
    '"bankai checkout" changes it in place. In a clone of a Bankai repository, init provides the working model.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --model Bonsai-8B.gguf',
    '<%= config.bin %> <%= command.id %> --model Bonsai-8B.gguf --in-place',
  ];
  static override flags = {
    model: Flags.string({
      required: true,
      helpValue: 'FILE',
      summary: 'The base model: a GGUF whose matrices are Q1_0.',
    }),
    'in-place': Flags.boolean({ summary: 'Use that file itself as the working model, without a copy.' }),
  };

  async run() {
    const { flags } = await this.parse(Init);
    const { init } = await import('../src/workflows/init.js');
    const update = this.progress('Reading the model');
    const outcome = await init({
      directory: this.directory,
      model: this.path(flags.model),
      inPlace: flags['in-place'],
      actor: this.actor,
      onProgress: (done, total) => update({ done, total }),
    });
    return this.answer(outcome, renderInit);
  }
}
