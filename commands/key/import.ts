import { basename } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { renderNewKey } from '../../src/render/key.js';
import { BankaiCommand } from '../base.js';
import { readInput } from '../terminal/files.js';
import { keyChoice } from '../terminal/passphrase.js';
import { keyDirectoryOf } from '../terminal/person.js';

export default class KeyImport extends BankaiCommand {
  static override summary = 'Take over an Ed25519 key of OpenSSH, or a key file of Bankai, as a signing key.';
  static override description =
    'The file stays as it is. A key that has a passphrase is kept under the same one. Other kinds of keys are refused: ' +
    'they cannot sign statements.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> id_ed25519 --name ssh',
    '<%= config.bin %> <%= command.id %> backup/personal.json',
  ];
  static override args = { file: Args.string({ required: true, description: 'The private key file.' }) };
  static override flags = {
    name: Flags.string({ helpValue: 'NAME', summary: "What to call it here, instead of the file's name." }),
    'passphrase-file': Flags.string({ helpValue: 'FILE', summary: 'Read its passphrase from the first line of FILE.' }),
  };

  async run() {
    const { args, flags } = await this.parse(KeyImport);
    const path = this.path(args.file);
    const bytes = await readInput(path, 'Give the path of a private key file.');
    const { askPassphrase = async () => undefined } = keyChoice(flags, (other) => this.path(other), process.env);
    const name = flags.name ?? basename(path, '.json');
    const { importKey } = await import('../../src/workflows/key.js');
    return this.answer(await importKey(keyDirectoryOf(process.env), { name, bytes, askPassphrase }), renderNewKey);
  }
}
