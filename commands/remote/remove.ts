import { Args } from '@oclif/core';
import { renderRemovedRemote } from '../../src/render/remote.js';
import { BankaiCommand } from '../base.js';
import { configPlaces } from '../terminal/config-places.js';

export default class RemoteRemove extends BankaiCommand {
  static override summary = 'Remove a remote, and what was fetched of its branches.';
  static override examples = ['<%= config.bin %> <%= command.id %> lab'];
  static override args = { name: Args.string({ required: true, description: 'Name of the remote.' }) };

  async run() {
    const { args } = await this.parse(RemoteRemove);
    const { dropRemote } = await import('../../src/workflows/remote.js');
    return this.answer(await dropRemote(this.directory, args.name, configPlaces(process.env)), renderRemovedRemote);
  }
}
