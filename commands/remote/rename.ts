import { Args } from '@oclif/core';
import { renderRemote } from '../../src/render/remote.js';
import { BankaiCommand } from '../base.js';
import { configPlaces } from '../terminal/config-places.js';

export default class RemoteRename extends BankaiCommand {
  static override summary = 'Give a remote another name; what was fetched of its branches comes along.';
  static override examples = ['<%= config.bin %> <%= command.id %> origin upstream'];
  static override args = {
    old: Args.string({ required: true, description: 'Name of the remote.' }),
    new: Args.string({ required: true, description: 'Its name from now on.' }),
  };

  async run() {
    const { args } = await this.parse(RemoteRename);
    const { moveRemote } = await import('../../src/workflows/remote.js');
    return this.answer(await moveRemote(this.directory, args.old, args.new, configPlaces(process.env)), renderRemote);
  }
}
