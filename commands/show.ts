import { writeFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import { patchSvg, renderPatch } from '../src/render/show.js';
import { BankaiCommand } from './base.js';
import { keyDirectoryOf } from './terminal/person.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Show extends BankaiCommand {
  static override summary = 'Show patches: what they flip, who found them and how.';
  static override description =
    'For a branch, tag or commit: the patches that this commit added, or else all of its state. For a stack: all its ' +
    'patches. For the first digits of a patch id: that patch.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> calc',
    '<%= config.bin %> <%= command.id %> calc+math --json',
    '<%= config.bin %> <%= command.id %> calc --svg calc.svg',
    '<%= config.bin %> <%= command.id %> calc --raw > calc.json',
  ];
  static override args = { stack: Args.string({ default: 'HEAD', description: 'A stack, or the id of a patch.' }) };

  static override flags = {
    ...stackFlags,
    raw: Flags.boolean({
      exclusive: ['json', 'svg'],
      summary: 'Write the bytes of one patch, exactly those whose SHA-256 is its id.',
    }),
    svg: Flags.string({ helpValue: 'FILE', summary: 'Draw the search and the flips of one patch into this file.' }),
  };

  static override notOffered = {
    '--stat': 'Leave it out: the flips are counted by layer. "bankai diff A B --stat" compares two states.',
  };

  async run() {
    const { args, flags } = await this.parse(Show);
    const { rawPatch, show } = await import('../src/workflows/show.js');
    if (flags.raw) {
      process.stdout.write(await rawPatch(this.directory, stackText(args.stack, flags)));
      return [];
    }
    const shown = await show(this.directory, stackText(args.stack, flags), keyDirectoryOf(process.env));
    if (flags.svg !== undefined) {
      if (shown.length !== 1) {
        throw new UsageError('USAGE', `Cannot draw ${shown.length} patches into one picture`, {
          hint: 'Name one patch, by its branch or its id.',
        });
      }
      await writeFile(this.path(flags.svg), patchSvg(shown[0]));
    }
    return this.answer(shown, (patches, view) =>
      patches.length === 0
        ? ['The base: no patches.']
        : patches.flatMap((patch, i) => [...(i === 0 ? [] : ['']), ...renderPatch(patch, view)]),
    );
  }
}
