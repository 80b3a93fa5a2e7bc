import { renderLock } from '../src/render/install.js';
import { BankaiCommand } from './base.js';
import { reachableRegistries } from './terminal/registry-places.js';

export default class Lock extends BankaiCommand {
  static override summary = 'Check that what is installed is what bankai.lock.json pins.';
  static override description =
    'Says of each patch whether the state of HEAD has it, whether its registry still serves the same, and whether there is ' +
    'a newer one in its range. Exits with 1 when a patch is missing, exchanged, withdrawn or yanked.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  async run() {
    await this.parse(Lock);
    const { checkLock } = await import('../src/workflows/check-lock.js');
    const report = await checkLock(this.directory, await reachableRegistries(process.env, this.directory, this.signal));
    if (!report.ok) this.sayNo();
    return this.answer(report, renderLock);
  }
}
