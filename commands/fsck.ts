import { renderFsck } from '../src/render/fsck.js';
import { BankaiCommand } from './base.js';

export default class Fsck extends BankaiCommand {
  static override summary = 'Examine objects, refs, patches, signatures and the working model.';
  static override description =
    'Does what "git fsck --strict --full" does, without git, and examines what git knows nothing of: the id and the fit of ' +
    'every patch in the history, every signed statement, the base, the local state and every byte of the working model. ' +
    'Exits with 1 when anything is found.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  static override notOffered = {
    '--full': 'Leave it out: everything is examined always.',
    '--strict': 'Leave it out: everything is examined strictly always.',
    '--no-dangling': 'Leave it out: what nothing leads to is counted only.',
  };

  async run() {
    await this.parse(Fsck);
    const { fsck } = await import('../src/workflows/fsck.js');
    const updates = { objects: this.progress('Examining objects'), model: this.progress('Examining the model') };
    const report = await fsck(this.directory, (what, done, total) => updates[what]({ done, total }));
    if (!report.ok) this.sayNo();
    return this.answer(report, renderFsck);
  }
}
