import { renderUndo } from '../src/render/undo.js';
import { BankaiCommand } from './base.js';

export default class Undo extends BankaiCommand {
  static override summary = 'Undo the last operation on commits, branches and model; again, and it is redone.';
  static override description =
    'HEAD, branches, tags, worktree and working model are what they were before the last command that changed any of them. ' +
    'Settings, remotes, trust, and files that "restore" or "reset --hard" overwrote, it does not bring back. ' +
    'Refuses where plain git moved something since. Exits with 1 where there is nothing to undo.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run() {
    await this.parse(Undo);
    const { undo } = await import('../src/workflows/undo.js');
    return this.answer(await undo(this.directory, this.actor), renderUndo);
  }
}
