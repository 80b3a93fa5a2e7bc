import { stat } from 'node:fs/promises';
import { Args } from '@oclif/core';
import { renderVerify } from '../src/render/verify.js';
import { BankaiCommand } from './base.js';
import { keyDirectoryOf } from './terminal/person.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Verify extends BankaiCommand {
  static override summary = 'Check every claim about patches, stacks or files, and every byte of the model.';
  static override description =
    'Of each patch: its bytes and id, its base, who signed what, what was measured, reviews, revocations, and what your ' +
    'policy has against it. Of the stack of HEAD also that the working model is exactly the base under its mask. A file is a ' +
    'patch, or an exported model. Exits with 1 when anything does not hold; a warning is no failure.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> calc+math',
    '<%= config.bin %> <%= command.id %> 3f1c9a20b7',
    '<%= config.bin %> <%= command.id %> Bonsai-8B-calc.gguf',
  ];
  static override strict = false;
  static override args = {
    subject: Args.string({
      description:
        'A stack (HEAD when left out), the first digits of a patch of HEAD, or the path of a file. Repeatable.',
    }),
  };

  static override flags = { ...stackFlags };

  async run() {
    const { argv, flags } = await this.parse(Verify);
    const { verifyFile, verifyStack } = await import('../src/workflows/verify.js');
    const subjects = [];
    for (const name of argv.length > 0 ? (argv as string[]) : ['HEAD']) {
      const update = this.progress('Verifying');
      const onProgress = (done: number, total: number): void => update({ done, total });
      const path = this.path(name);
      const isFile = (await stat(path).catch(() => undefined))?.isFile() ?? false;
      subjects.push(
        isFile
          ? await verifyFile(this.directory, { path, name }, { onProgress })
          : await verifyStack(this.directory, stackText(name, flags), {
              keyDirectory: keyDirectoryOf(process.env),
              onProgress,
            }),
      );
    }
    const ok = subjects.every((subject) => subject.ok);
    if (!ok) this.sayNo();
    return this.answer({ ok, subjects }, renderVerify);
  }
}
