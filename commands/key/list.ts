import { renderKeys } from '../../src/render/key.js';
import { BankaiCommand } from '../base.js';
import { keyDirectoryOf } from '../terminal/person.js';

export default class KeyList extends BankaiCommand {
  static override summary = 'List your signing keys; the one that signs by default is marked.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run() {
    await this.parse(KeyList);
    const { keys } = await import('../../src/workflows/key.js');
    return this.answer(await keys(keyDirectoryOf(process.env)), renderKeys);
  }
}
