import { Args, Flags } from '@oclif/core';
import { UsageError } from '../../src/errors.js';
import { renderRegistryAdd } from '../../src/render/known.js';
import { BankaiCommand } from '../base.js';
import { reachableRegistries } from '../terminal/registry-places.js';
import { readInput } from '../terminal/files.js';

export default class RegistryAdd extends BankaiCommand {
  static override summary = 'Trust a registry, by its root key and nothing else.';
  static override description =
    'Get the digest of the root from its keeper by a way that you trust: it is what everything else rests on. Keys that ' +
    'are changed later are followed by themselves.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> https://example.org/patches --root root.json',
    '<%= config.bin %> <%= command.id %> https://example.org/patches --root DIGEST --as lab',
  ];
  static override args = { url: Args.string({ required: true, description: 'Its address: https:, http: or file:.' }) };
  static override flags = {
    root: Flags.string({
      required: true,
      helpValue: 'ROOT',
      summary: 'The digest of its root, or a file with the root itself.',
    }),
    as: Flags.string({ default: 'main', helpValue: 'NAME', summary: 'What to call it here.' }),
  };

  async run() {
    const { args, flags } = await this.parse(RegistryAdd);
    const { trustRegistry } = await import('../../src/workflows/known.js');
    const { configDirectory, network } = await reachableRegistries(process.env, this.directory, this.signal);
    const addition = { url: args.url, name: flags.as, first: await this.#root(flags.root) };
    return this.answer(await trustRegistry(configDirectory, addition, network), renderRegistryAdd);
  }

  async #root(text: string) {
    if (/^[0-9a-f]{64}$/.test(text)) return { digest: text };
    if (!/[./\\]/.test(text)) {
      throw new UsageError('USAGE', `"${text}" is neither a digest of 64 digits nor a file`, {
        hint: 'The keeper of a registry gets the digest from "bankai registry init".',
      });
    }
    return { bytes: await readInput(this.path(text), 'Give the file of the root, or its digest.') };
  }
}
