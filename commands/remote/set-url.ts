import { Args, Flags } from '@oclif/core';
import { renderRemote } from '../../src/render/remote.js';
import { BankaiCommand } from '../base.js';
import { configPlaces } from '../terminal/config-places.js';

export default class RemoteSetUrl extends BankaiCommand {
  static override summary = 'Change where a remote is.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> origin https://example.org/ada/patches.git',
    '<%= config.bin %> <%= command.id %> --push origin git@example.org:ada/patches.git',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'Name of the remote.' }),
    url: Args.string({ required: true, description: 'Where it is from now on.' }),
  };
  static override flags = { push: Flags.boolean({ summary: 'Change only where it is pushed to.' }) };

  async run() {
    const { args, flags } = await this.parse(RemoteSetUrl);
    const { changeRemoteUrl } = await import('../../src/workflows/remote.js');
    const remote = await changeRemoteUrl(
      this.directory,
      args.name,
      args.url,
      { push: flags.push },
      configPlaces(process.env),
    );
    return this.answer(remote, renderRemote);
  }
}
