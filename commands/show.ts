import { Args } from '@oclif/core';
import { renderPatch } from '../src/render/show.js';
import { BankaiCommand } from './base.js';

export default class Show extends BankaiCommand {
  static override summary = 'Show patches: what they flip, who found them and how.';
  static override description =
    'For a branch, tag or commit: the patches that this commit added, or else all of its state. For a stack: all its ' +
    'patches. For the first digits of a patch id: that patch.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> calc',
    '<%= config.bin %> <%= command.id %> calc+math --json',
  ];
  static override args = { stack: Args.string({ default: 'HEAD', description: 'A stack, or the id of a patch.' }) };

  async run() {
    const { args } = await this.parse(Show);
    const { show } = await import('../src/workflows/show.js');
    return this.answer(await show(this.directory, args.stack), (patches, view) =>
      patches.length === 0
        ? ['The base: no patches.']
        : patches.flatMap((patch, i) => [...(i === 0 ? [] : ['']), ...renderPatch(patch, view)]),
    );
  }
}
