import { Args, Flags } from '@oclif/core';
import { renderTrusted } from '../../src/render/trust.js';
import { BankaiCommand } from '../base.js';
import { keyDirectoryOf } from '../terminal/person.js';
import { keyTexts } from '../terminal/registry-flags.js';

export default class TrustAdd extends BankaiCommand {
  static override summary = 'Trust the key of somebody else, under a name of your choice.';
  static override description =
    'Make sure first that the key is theirs: compare its id over another channel. Without --registry and --namespace it is ' +
    'trusted for everything; with them only for what comes from there. Your own keys are always trusted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ada ada.pub',
    '<%= config.bin %> <%= command.id %> mathlab mathlab.pub --namespace mathlab',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'What you call its holder.' }),
    key: Args.string({ required: true, description: 'The public key: a file, or the line that "key export" prints.' }),
  };
  static override flags = {
    registry: Flags.string({ multiple: true, helpValue: 'NAME', summary: 'Trust it for this registry. Repeatable.' }),
    namespace: Flags.string({ multiple: true, helpValue: 'NAME', summary: 'Trust it for this namespace. Repeatable.' }),
  };

  async run() {
    const { args, flags } = await this.parse(TrustAdd);
    const [key] = await keyTexts([args.key], (path) => this.path(path));
    const scopes = [
      ...(flags.registry ?? []).map((name) => `registry:${name}`),
      ...(flags.namespace ?? []).map((name) => `namespace:${name}`),
    ];
    const { addTrust } = await import('../../src/workflows/trust.js');
    return this.answer(await addTrust(keyDirectoryOf(process.env), { name: args.name, key, scopes }), renderTrusted);
  }
}
