import { Args, Flags } from '@oclif/core';
import { renderNewKey } from '../../src/render/key.js';
import { BankaiCommand } from '../base.js';
import { keyChoice, newPassphrase } from '../terminal/passphrase.js';
import { keyDirectoryOf } from '../terminal/person.js';

export default class KeyNew extends BankaiCommand {
  static override summary = 'Make a signing key.';
  static override description =
    'It is kept in your configuration directory, readable by you alone. With a passphrase (asked for in the terminal, or ' +
    'read from a file or from BANKAI_PASSPHRASE) it is encrypted there.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> work --passphrase',
    '<%= config.bin %> <%= command.id %> ci --passphrase-file secret.txt',
  ];
  static override args = { name: Args.string({ default: 'personal', description: 'Name of the new key.' }) };
  static override flags = {
    passphrase: Flags.boolean({ summary: 'Encrypt it under a passphrase.' }),
    'passphrase-file': Flags.string({ helpValue: 'FILE', summary: 'Encrypt it under the first line of FILE.' }),
  };

  async run() {
    const { args, flags } = await this.parse(KeyNew);
    const choice = keyChoice(flags, (path) => this.path(path), process.env);
    const wanted = flags.passphrase || flags['passphrase-file'] !== undefined;
    const passphrase = wanted ? await newPassphrase(choice, args.name) : undefined;
    const { newKey } = await import('../../src/workflows/key.js');
    const key = { name: args.name, ...(passphrase !== undefined && { passphrase }) };
    return this.answer(await newKey(keyDirectoryOf(process.env), key), renderNewKey);
  }
}
