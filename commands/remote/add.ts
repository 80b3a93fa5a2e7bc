import { Args } from '@oclif/core';
import { renderRemote } from '../../src/render/remote.js';
import { BankaiCommand } from '../base.js';
import { configPlaces } from '../terminal/config-places.js';

export default class RemoteAdd extends BankaiCommand {
  static override summary = 'Add a remote.';
  static override description =
    'https:// and http:// need nothing else; ssh://, host:path, file:// and paths go through the git of this machine. ' +
    'Nothing is fetched yet.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> origin https://example.org/ada/patches.git',
    '<%= config.bin %> <%= command.id %> lab git@example.org:lab/patches.git',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'What to call it here.' }),
    url: Args.string({ required: true, description: 'Where it is.' }),
  };

  async run() {
    const { args } = await this.parse(RemoteAdd);
    const { newRemote } = await import('../../src/workflows/remote.js');
    return this.answer(await newRemote(this.directory, args.name, args.url, configPlaces(process.env)), renderRemote);
  }
}
