import { renderTrustedKeys } from '../../src/render/trust.js';
import { BankaiCommand } from '../base.js';
import { keyDirectoryOf } from '../terminal/person.js';

export default class TrustList extends BankaiCommand {
  static override summary = 'List the keys of others that you trust, and for what.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run() {
    await this.parse(TrustList);
    const { listTrust } = await import('../../src/workflows/trust.js');
    return this.answer(await listTrust(keyDirectoryOf(process.env)), renderTrustedKeys);
  }
}
