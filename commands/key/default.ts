import { Args } from '@oclif/core';
import { renderDefaultKey } from '../../src/render/key.js';
import { BankaiCommand } from '../base.js';
import { keyDirectoryOf } from '../terminal/person.js';

export default class KeyDefault extends BankaiCommand {
  static override summary = 'Choose the key that signs when no other is named.';
  static override examples = ['<%= config.bin %> <%= command.id %> work'];
  static override args = { name: Args.string({ required: true, description: 'Name of the key.' }) };

  async run() {
    const { args } = await this.parse(KeyDefault);
    const { defaultKey } = await import('../../src/workflows/key.js');
    return this.answer(await defaultKey(keyDirectoryOf(process.env), args.name), renderDefaultKey);
  }
}
