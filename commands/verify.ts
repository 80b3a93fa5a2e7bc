import { stat } from 'node:fs/promises';
import { Args } from '@oclif/core';
import { renderVerify } from '../src/render/verify.js';
import { BankaiCommand } from './base.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Verify extends BankaiCommand {
  static override summary = 'Check every claim about a stack or a file, and every byte of the model.';
  static override description =
    'A stack: its patches and statements, and that the working model is exactly the base under its mask. A file: a patch, ' +
    'or an exported model. Exits with 1 when anything does not hold.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> calc+math',
    '<%= config.bin %> <%= command.id %> Bonsai-8B-calc.gguf',
  ];
  static override args = { subject: Args.string({ default: 'HEAD', description: 'A stack, or the path of a file.' }) };

  static override flags = { ...stackFlags };

  async run() {
    const { args, flags } = await this.parse(Verify);
    const { verifyFile, verifyStack } = await import('../src/workflows/verify.js');
    const update = this.progress('Verifying');
    const onProgress = (done: number, total: number): void => update({ done, total });
    const path = this.path(args.subject);
    const isFile = (await stat(path).catch(() => undefined))?.isFile() ?? false;
    const report = isFile
      ? await verifyFile(this.directory, { path, name: args.subject }, onProgress)
      : await verifyStack(this.directory, stackText(args.subject, flags), onProgress);
    if (!report.ok) this.sayNo();
    return this.answer(report, renderVerify);
  }
}
