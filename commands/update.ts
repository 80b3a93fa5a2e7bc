import { Args } from '@oclif/core';
import { renderInstall } from '../src/render/install.js';
import { BankaiCommand } from './base.js';
import { reachableRegistries } from './terminal/registry-places.js';
import { signingFlags } from './terminal/passphrase.js';

export default class Update extends BankaiCommand {
  static override summary = 'Bring patches from registries up to the newest version in their range.';
  static override description =
    'The range is the one that was added. Newer patches take the place of those before in one commit; another range is ' +
    'asked for with "bankai add".';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> mathlab/calc',
  ];
  static override strict = false;
  static override args = {
    patch: Args.string({ description: 'NAMESPACE/NAME; several may be given, none means all.' }),
  };
  static override flags = signingFlags;

  async run() {
    const { argv, flags } = await this.parse(Update);
    const { update } = await import('../src/workflows/install.js');
    const places = await reachableRegistries(process.env, this.directory, this.signal);
    return this.answer(await update(this.directory, argv as string[], places, this.recorder(flags)), renderInstall);
  }
}
