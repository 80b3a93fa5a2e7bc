import { Args, Flags } from '@oclif/core';
import type { Evidence } from '../src/workflows/search-registries.js';
import { renderSearch } from '../src/render/search.js';
import { BankaiCommand } from './base.js';
import { reachableRegistries } from './terminal/registry-places.js';
import { registryFlag } from './terminal/registry-flags.js';

export default class Search extends BankaiCommand {
  static override summary = 'Search the registries that you trust, with what was measured of each patch.';
  static override description =
    'Shows the newest version of each patch: held-out problems that it fixed and broke, and the exact test of the two. ' +
    'The best gain comes first.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> calculus',
    '<%= config.bin %> <%= command.id %> --base Bonsai --category primes --min-gain 20',
    '<%= config.bin %> <%= command.id %> --evidence better --json',
  ];
  static override args = {
    text: Args.string({ description: 'Words that must all occur in name, description or categories.' }),
  };
  static override flags = {
    base: Flags.string({
      helpValue: 'BASE',
      summary: 'Only for this base: first digits of its id, or a part of its name.',
    }),
    category: Flags.string({ helpValue: 'NAME', summary: 'Only what was measured on this category of probes.' }),
    'min-gain': Flags.integer({ helpValue: 'N', summary: 'Only what fixed N held-out problems more than it broke.' }),
    evidence: Flags.string({
      options: ['any', 'measured', 'better'],
      default: 'any',
      summary: 'Only what was measured on held-out problems, or is better there than chance explains (p below 0.05).',
    }),
    all: Flags.boolean({ summary: 'Show every version, also those that were yanked.' }),
    registry: registryFlag,
  };

  async run() {
    const { args, flags } = await this.parse(Search);
    const { searchRegistries } = await import('../src/workflows/search-registries.js');
    const request = {
      all: flags.all,
      evidence: flags.evidence as Evidence,
      ...(args.text !== undefined && { text: args.text }),
      ...(flags.base !== undefined && { base: flags.base }),
      ...(flags.category !== undefined && { category: flags.category }),
      ...(flags['min-gain'] !== undefined && { minGain: flags['min-gain'] }),
      ...(flags.registry !== undefined && { registry: flags.registry }),
    };
    return this.answer(
      await searchRegistries(request, await reachableRegistries(process.env, this.directory, this.signal)),
      renderSearch,
    );
  }
}
