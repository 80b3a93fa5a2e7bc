import { renderStatus } from '../src/render/status.js';
import { BankaiCommand } from './base.js';

export default class Status extends BankaiCommand {
  static override summary = 'Show what is checked out, and whether the working model agrees.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  static override notOffered = {
    '-s': 'Use "git status -s" for files, and "bankai status --json" for programs.',
    '--short': 'Use "git status --short" for files, and "bankai status --json" for programs.',
    '--porcelain': 'Use "git status --porcelain" for files, and "bankai status --json" for programs.',
    '-b': 'Leave it out: the branch is said first.',
    '--branch': 'Leave it out: the branch is said first.',
  };

  async run() {
    await this.parse(Status);
    const { status } = await import('../src/workflows/status.js');
    return this.answer(await status(this.directory), renderStatus);
  }
}
