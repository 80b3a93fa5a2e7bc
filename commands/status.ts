import { renderStatus } from '../src/render/status.js';
import { BankaiCommand } from './base.js';

export default class Status extends BankaiCommand {
  static override summary = 'Show what is checked out, and whether the working model agrees.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  async run() {
    await this.parse(Status);
    const { status } = await import('../src/workflows/status.js');
    return this.answer(await status(this.directory), renderStatus);
  }
}
