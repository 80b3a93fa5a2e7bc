import { Args } from '@oclif/core';
import { renderDistrusted } from '../../src/render/trust.js';
import { BankaiCommand } from '../base.js';
import { keyDirectoryOf } from '../terminal/person.js';

export default class TrustRemove extends BankaiCommand {
  static override summary = 'Stop trusting a key.';
  static override examples = ['<%= config.bin %> <%= command.id %> ada'];
  static override args = {
    key: Args.string({ required: true, description: 'Its name, or the first digits of its id.' }),
  };

  async run() {
    const { args } = await this.parse(TrustRemove);
    const { removeTrust } = await import('../../src/workflows/trust.js');
    return this.answer(await removeTrust(keyDirectoryOf(process.env), args.key), renderDistrusted);
  }
}
