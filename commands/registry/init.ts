import { Args, Flags } from '@oclif/core';
import { renderRegistryInit } from '../../src/render/registry.js';
import { BankaiCommand } from '../base.js';
import { authorFlags, keyTexts, registryAuthor } from '../terminal/registry-flags.js';

export default class RegistryInit extends BankaiCommand {
  static override summary = 'Make a registry: a directory of static files, for any web host to serve.';
  static override description =
    'The root key is what others trust; keep it away from the machine that serves. The online key signs every change, ' +
    'and can be replaced by the root. A key is the name of one of yours, a file, or a line of OpenSSH.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> site',
    '<%= config.bin %> <%= command.id %> site --root-key offline --online-key ci',
  ];
  static override args = { directory: Args.string({ required: true, description: 'Where to make it.' }) };
  static override flags = {
    'root-key': Flags.string({
      multiple: true,
      helpValue: 'KEY',
      summary: 'A key of the root, which also gives namespaces away; may be repeated. [default: your default key]',
    }),
    threshold: Flags.integer({ default: 1, min: 1, helpValue: 'N', summary: 'Root keys that must sign together.' }),
    'online-key': Flags.string({
      multiple: true,
      helpValue: 'KEY',
      summary: 'A key of snapshot and timestamp; may be repeated. [default: the root keys]',
    }),
    ...authorFlags,
  };

  async run() {
    const { args, flags } = await this.parse(RegistryInit);
    const path = (text: string) => this.path(text);
    const { initRegistry } = await import('../../src/workflows/registry.js');
    const request = {
      directory: this.path(args.directory),
      rootKeys: await keyTexts(flags['root-key'] ?? [], path),
      threshold: flags.threshold,
      onlineKeys: await keyTexts(flags['online-key'] ?? [], path),
    };
    return this.answer(await initRegistry(request, registryAuthor(flags, path)), renderRegistryInit);
  }
}
