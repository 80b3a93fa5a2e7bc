import { Args, Flags } from '@oclif/core';
import { renderRotate } from '../../src/render/registry.js';
import { BankaiCommand } from '../base.js';
import { authorFlags, directoryFlag, keyTexts, registryAuthor } from '../terminal/registry-flags.js';

export default class RegistryRotate extends BankaiCommand {
  static override summary = 'Change the keys of a role: root, targets, snapshot, timestamp, or a namespace.';
  static override description =
    'What the keys before have signed is signed anew, where the new keys are here. Everybody who trusts the registry ' +
    'follows by itself, for every root is signed by the one before.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> timestamp --add ci2 --remove ci --registry site',
    '<%= config.bin %> <%= command.id %> root --add second --threshold 2 --registry site',
  ];
  static override args = { role: Args.string({ required: true, description: 'The role, or the namespace.' }) };
  static override flags = {
    registry: directoryFlag,
    add: Flags.string({
      multiple: true,
      helpValue: 'KEY',
      summary: 'A key that may sign from now on; may be repeated.',
    }),
    remove: Flags.string({
      multiple: true,
      helpValue: 'KEY',
      summary: 'A key that may no longer, or the first digits of its id; may be repeated.',
    }),
    threshold: Flags.integer({ min: 1, helpValue: 'N', summary: 'Keys that must sign together.' }),
    ...authorFlags,
  };

  async run() {
    const { args, flags } = await this.parse(RegistryRotate);
    const path = (text: string) => this.path(text);
    const { rotateRole } = await import('../../src/workflows/registry.js');
    const rotation = {
      role: args.role,
      add: await keyTexts(flags.add ?? [], path),
      remove: await keyTexts(flags.remove ?? [], path),
      ...(flags.threshold !== undefined && { threshold: flags.threshold }),
    };
    return this.answer(await rotateRole(path(flags.registry), rotation, registryAuthor(flags, path)), renderRotate);
  }
}
