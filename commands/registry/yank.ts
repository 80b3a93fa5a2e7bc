import { Args, Flags } from '@oclif/core';
import { renderYank } from '../../src/render/registry.js';
import { BankaiCommand } from '../base.js';
import { authorFlags, directoryFlag, registryAuthor } from '../terminal/registry-flags.js';

export default class RegistryYank extends BankaiCommand {
  static override summary = 'Say of a published version that nobody should begin to use it.';
  static override description =
    'It can still be fetched by who asks for exactly that version, or has it in a lock file; ranges leave it out.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> mathlab/calc@1.0.0 slow --registry site',
    '<%= config.bin %> <%= command.id %> mathlab/calc@1.0.0 --undo --registry site',
  ];
  static override args = {
    version: Args.string({ required: true, description: 'NAMESPACE/NAME@VERSION' }),
    reason: Args.string({ default: 'withdrawn by its publisher', description: 'Why, in a sentence.' }),
  };
  static override flags = {
    registry: directoryFlag,
    undo: Flags.boolean({ summary: 'Take that back.' }),
    ...authorFlags,
  };

  async run() {
    const { args, flags } = await this.parse(RegistryYank);
    const { yank } = await import('../../src/workflows/publish.js');
    const request = {
      version: args.version,
      registry: this.path(flags.registry),
      ...(!flags.undo && { reason: args.reason }),
    };
    return this.answer(
      await yank(
        request,
        registryAuthor(flags, (text) => this.path(text)),
      ),
      renderYank,
    );
  }
}
