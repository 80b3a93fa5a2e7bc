import { renderRegistries } from '../../src/render/known.js';
import { BankaiCommand } from '../base.js';
import { registryPlaces } from '../terminal/registry-places.js';

export default class RegistryList extends BankaiCommand {
  static override summary = 'List the registries that you trust.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run() {
    await this.parse(RegistryList);
    const { registries } = await import('../../src/workflows/known.js');
    return this.answer(await registries(registryPlaces(process.env).configDirectory), renderRegistries);
  }
}
