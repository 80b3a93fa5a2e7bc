import { Args, Flags } from '@oclif/core';
import { renderRevokedKey } from '../../src/render/attest.js';
import { BankaiCommand } from '../base.js';
import { signingFlags } from '../terminal/passphrase.js';

export default class KeyRevoke extends BankaiCommand {
  static override summary = 'Take a key back: nothing that it signed counts any more.';
  static override description =
    'A key of your own revokes itself; a trusted one of somebody else is revoked by yours. In a repository the revocation is ' +
    'committed beside the patches of HEAD that the key signed, so that others learn of it. It cannot be undone.';
  static override examples = ['<%= config.bin %> <%= command.id %> work --reason "laptop stolen"'];
  static override args = {
    key: Args.string({ required: true, description: 'Its name, or the first digits of its id.' }),
  };
  static override flags = {
    reason: Flags.string({ required: true, helpValue: 'TEXT', summary: 'Why.' }),
    ...signingFlags,
  };

  async run() {
    const { args, flags } = await this.parse(KeyRevoke);
    const { revokeKey } = await import('../../src/workflows/revoke-key.js');
    const request = { key: args.key, reason: flags.reason };
    return this.answer(await revokeKey(this.directory, request, this.recorder(flags)), renderRevokedKey);
  }
}
