import { Args, Flags } from '@oclif/core';
import { renderExport } from '../src/render/export.js';
import { BankaiCommand } from './base.js';
import { keyDirectoryOf } from './terminal/person.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Export extends BankaiCommand {
  static override summary = 'Write a stack as a GGUF of its own, for llama.cpp.';
  static override description =
    'The file is the base model with the flips applied; its metadata names the base and the patches. The working model ' +
    'is verified first and stays as it is.';
  static override examples = ['<%= config.bin %> <%= command.id %> calc+math -o Bonsai-8B-calc.gguf'];
  static override args = { stack: Args.string({ required: true, description: 'The stack to export.' }) };
  static override flags = {
    ...stackFlags,
    output: Flags.string({ char: 'o', required: true, helpValue: 'FILE', summary: 'The file to write.' }),
    force: Flags.boolean({ char: 'f', summary: 'Replace the file if it exists.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Export);
    const { exportModel } = await import('../src/workflows/export.js');
    const update = this.progress('Writing');
    const request = {
      stack: stackText(args.stack, flags),
      path: this.path(flags.output),
      overwrite: flags.force,
      version: this.config.version,
      onProgress: (done: number, total: number) => update({ done, total }),
    };
    const report = await exportModel(this.directory, request, { keyDirectory: keyDirectoryOf(process.env) });
    return this.answer(report, renderExport);
  }
}
