import { Args } from '@oclif/core';
import { renderExportedKey } from '../../src/render/key.js';
import { BankaiCommand } from '../base.js';
import { keyDirectoryOf } from '../terminal/person.js';

export default class KeyExport extends BankaiCommand {
  static override summary = 'Print the public half of a key, to give to others.';
  static override description =
    'Prints the line that OpenSSH and git hosts read. With --json its id and its bytes too. The ' +
    'secret half never leaves its file: copy that to have a backup.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> work --json'];
  static override args = { name: Args.string({ description: 'Name of the key; the default one without it.' }) };

  async run() {
    const { args } = await this.parse(KeyExport);
    const { exportKey } = await import('../../src/workflows/key.js');
    return this.answer(await exportKey(keyDirectoryOf(process.env), args.name), renderExportedKey);
  }
}
