import { basename } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { renderImport } from '../src/render/import.js';
import { BankaiCommand } from './base.js';
import { readInput } from './terminal/files.js';
import { signingFlags } from './terminal/passphrase.js';

export default class Import extends BankaiCommand {
  static override summary = 'Record a patch from a file, also of other tools.';
  static override description =
    'Reads patches of our own format, bankai_row_xor_v1 and bankai_group_xor_v2. Everything but the flips is left out; ' +
    'the signed statement says which file they came from.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> patch_math_v1.json',
    '<%= config.bin %> <%= command.id %> patch_math_v1.json -b math -m "published math patch"',
  ];
  static override args = { file: Args.string({ required: true, description: 'The patch file.' }) };
  static override flags = {
    branch: Flags.string({ char: 'b', helpValue: 'NAME', summary: 'Start this new branch at the base.' }),
    message: Flags.string({ char: 'm', helpValue: 'MSG', summary: 'What the patch is for.' }),
    ...signingFlags,
  };

  async run() {
    const { args, flags } = await this.parse(Import);
    const path = this.path(args.file);
    const bytes = await readInput(path, 'Give the path of a patch file.');
    const { importFile } = await import('../src/workflows/import.js');
    const report = await importFile(
      this.directory,
      {
        name: basename(path),
        bytes,
        ...(flags.branch !== undefined && { branch: flags.branch }),
        ...(flags.message !== undefined && { message: flags.message }),
      },
      this.recorder(flags),
    );
    return this.answer(report, renderImport);
  }
}
