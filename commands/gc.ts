import { Flags } from '@oclif/core';
import { renderGc } from '../src/render/gc.js';
import { BankaiCommand } from './base.js';

export default class Gc extends BankaiCommand {
  static override summary = 'Tidy the repository up: pack loose objects, remove what a crash left unfinished.';
  static override description =
    'Nothing that a branch, a tag, a reflog, the index or the working model needs is ever removed. "git gc" works as well, ' +
    'and packs tighter.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --prune'];
  static override flags = {
    prune: Flags.boolean({ summary: 'Also remove objects that nothing has needed for two weeks.' }),
  };

  static override notOffered = {
    '--auto': 'Leave it out: it packs what is loose. "git gc --auto" works here too.',
    '--aggressive': 'Use "git gc --aggressive": it works here too.',
    '--quiet': 'Leave it out: it says two lines.',
  };

  async run() {
    const { flags } = await this.parse(Gc);
    const { gc } = await import('../src/workflows/gc.js');
    return this.answer(await gc(this.directory, { prune: flags.prune ?? false, now: Date.now() }), renderGc);
  }
}
