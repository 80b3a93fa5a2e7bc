import { Args } from '@oclif/core';
import { renderPick } from '../src/render/pick.js';
import { BankaiCommand } from './base.js';
import { pickFlags, pickNotOffered, pickRequest } from './terminal/pick-flags.js';

export default class CherryPick extends BankaiCommand {
  static override summary = 'Do what a commit did again at HEAD; the working model follows.';
  static override description =
    'The patches that the commit added come in with their evidence, those that it removed go; message and author stay. ' +
    'Exits with 1 where HEAD has all of it already.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> math',
    '<%= config.bin %> <%= command.id %> 9d2b17c4 -m 1',
  ];
  static override args = { commit: Args.string({ required: true, description: 'The commit to do again.' }) };
  static override flags = pickFlags;

  static override notOffered = {
    ...pickNotOffered('cherry-pick'),
    '-x': 'Use --message "TEXT" to say where it comes from.',
  };

  async run() {
    const { args, flags } = await this.parse(CherryPick);
    const { cherryPick } = await import('../src/workflows/pick.js');
    const recorder = this.recorder(flags);
    return this.answer(await cherryPick(this.directory, pickRequest(args.commit, flags), recorder), renderPick);
  }
}
