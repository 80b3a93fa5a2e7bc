import { renderUndo } from '../src/render/undo.js';
import { BankaiCommand } from './base.js';

export default class Undo extends BankaiCommand {
  static override summary = 'Undo the last operation, whatever it was; again, and it is redone.';
  static override description =
    'HEAD, branches, tags, remotes and what was fetched, settings of the repository, index, worktree (changes that nobody had ' +
    'committed too), bankai.lock.json and the working model are what they were before the last command that changed any of ' +
    'them. Refuses where something was changed since. A push is not taken back, and undo says so then. What is yours and not the ' +
    "repository's has commands of its own: keys, trust, registries, config --global; gc removes only what nothing needs. " +
    'Exits with 1 where there is nothing to undo.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run() {
    await this.parse(Undo);
    const { undo } = await import('../src/workflows/undo.js');
    return this.answer(await undo(this.directory, this.actor), renderUndo);
  }
}
