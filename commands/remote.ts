import { Flags } from '@oclif/core';
import { renderRemotes, renderRemotesVerbose } from '../src/render/remote.js';
import { BankaiCommand } from './base.js';
import { configPlaces } from './terminal/config-places.js';

export default class Remote extends BankaiCommand {
  static override summary = 'List the remotes, and add, remove, rename or move them.';
  static override description =
    "They are kept in git's own configuration. No password or token in an address is ever printed.";
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> -v'];
  static override flags = { verbose: Flags.boolean({ char: 'v', summary: 'Show the addresses too.' }) };

  async run() {
    const { flags } = await this.parse(Remote);
    const { remotes } = await import('../src/workflows/remote.js');
    return this.answer(
      await remotes(this.directory, configPlaces(process.env)),
      flags.verbose ? renderRemotesVerbose : renderRemotes,
    );
  }
}
