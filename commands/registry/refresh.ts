import { Args } from '@oclif/core';
import { renderRefresh } from '../../src/render/registry.js';
import { BankaiCommand } from '../base.js';
import { authorFlags, registryAuthor } from '../terminal/registry-flags.js';

export default class RegistryRefresh extends BankaiCommand {
  static override summary = 'Sign a registry anew, before its signatures expire, and publish what waits.';
  static override description =
    'Run it from a timer, at least every two weeks. Snapshot and timestamp are always signed; other roles when half of ' +
    'their time is over and their key is here.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> site',
    '<%= config.bin %> <%= command.id %> site --days 7',
  ];
  static override args = { directory: Args.string({ required: true, description: 'The directory of the registry.' }) };
  static override flags = authorFlags;

  async run() {
    const { args, flags } = await this.parse(RegistryRefresh);
    const { refreshRegistry } = await import('../../src/workflows/registry.js');
    const author = registryAuthor(flags, (text) => this.path(text));
    return this.answer(await refreshRegistry(this.path(args.directory), author), renderRefresh);
  }
}
