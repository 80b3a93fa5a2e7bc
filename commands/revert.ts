import { Args } from '@oclif/core';
import { renderPick } from '../src/render/pick.js';
import { BankaiCommand } from './base.js';
import { pickFlags, pickNotOffered, pickRequest } from './terminal/pick-flags.js';

export default class Revert extends BankaiCommand {
  static override summary = 'Undo what a commit did, with a new commit; the working model follows.';
  static override description =
    'Patches that the commit added go, and those that it removed come back, whatever happened since. Exits with 1 where ' +
    'nothing of it is left.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> HEAD',
    '<%= config.bin %> <%= command.id %> 9d2b17c4 -m 1',
  ];
  static override args = { commit: Args.string({ required: true, description: 'The commit to undo.' }) };
  static override flags = pickFlags;

  static override notOffered = pickNotOffered('revert');

  async run() {
    const { args, flags } = await this.parse(Revert);
    const { revert } = await import('../src/workflows/pick.js');
    const recorder = this.recorder(flags);
    return this.answer(await revert(this.directory, pickRequest(args.commit, flags), recorder), renderPick);
  }
}
