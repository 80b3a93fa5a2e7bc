import { Args, Flags } from '@oclif/core';
import { renderDelegate } from '../../src/render/registry.js';
import { BankaiCommand } from '../base.js';
import { authorFlags, directoryFlag, keyTexts, registryAuthor } from '../terminal/registry-flags.js';

export default class RegistryDelegate extends BankaiCommand {
  static override summary = 'Give a namespace of a registry to the holder of a key.';
  static override description =
    'From then on only that key can publish there, and nowhere else. Another key takes the namespace away from the one ' +
    'before: until its holder has published, nobody can fetch from it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> mathlab ada.pub --registry site',
    '<%= config.bin %> <%= command.id %> mathlab personal --registry site',
  ];
  static override args = {
    namespace: Args.string({ required: true, description: 'The namespace.' }),
    key: Args.string({
      required: true,
      description: 'A public key: a file, a line of OpenSSH, or the name of one of yours.',
    }),
  };
  static override flags = {
    registry: directoryFlag,
    and: Flags.string({ multiple: true, helpValue: 'KEY', summary: 'Another key; may be repeated.' }),
    threshold: Flags.integer({ default: 1, min: 1, helpValue: 'N', summary: 'Keys that must sign together.' }),
    ...authorFlags,
  };

  async run() {
    const { args, flags } = await this.parse(RegistryDelegate);
    const path = (text: string) => this.path(text);
    const { delegateNamespace } = await import('../../src/workflows/registry.js');
    const request = {
      namespace: args.namespace,
      keys: await keyTexts([args.key, ...(flags.and ?? [])], path),
      threshold: flags.threshold,
    };
    const author = registryAuthor(flags, path);
    return this.answer(await delegateNamespace(this.path(flags.registry), request, author), renderDelegate);
  }
}
