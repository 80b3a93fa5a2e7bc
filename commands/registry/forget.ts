import { Args } from '@oclif/core';
import { renderForget } from '../../src/render/known.js';
import { BankaiCommand } from '../base.js';
import { registryPlaces } from '../terminal/registry-places.js';

export default class RegistryForget extends BankaiCommand {
  static override summary = 'Trust a registry no longer.';
  static override description = 'What was added from it stays, in repositories and in the cache.';
  static override examples = ['<%= config.bin %> <%= command.id %> lab'];
  static override args = { name: Args.string({ required: true, description: 'Its name here.' }) };

  async run() {
    const { args } = await this.parse(RegistryForget);
    const { distrustRegistry } = await import('../../src/workflows/known.js');
    return this.answer(await distrustRegistry(registryPlaces(process.env).configDirectory, args.name), renderForget);
  }
}
