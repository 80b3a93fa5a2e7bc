import { Args } from '@oclif/core';
import { renderInstall } from '../src/render/install.js';
import { BankaiCommand } from './base.js';
import { signingFlags } from './terminal/passphrase.js';

export default class Remove extends BankaiCommand {
  static override summary = 'Take a patch from a registry out of the state of HEAD and of the lock file.';
  static override description =
    'It stays in the history, and in the cache. A patch that came otherwise is removed with "bankai rm".';
  static override examples = ['<%= config.bin %> <%= command.id %> mathlab/calc'];
  static override strict = false;
  static override args = {
    patch: Args.string({ required: true, description: 'NAMESPACE/NAME; several are one commit.' }),
  };
  static override flags = signingFlags;

  async run() {
    const { argv, flags } = await this.parse(Remove);
    const { uninstall } = await import('../src/workflows/install.js');
    return this.answer(await uninstall(this.directory, argv as string[], this.recorder(flags)), renderInstall);
  }
}
