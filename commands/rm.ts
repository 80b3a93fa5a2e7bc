import { Args } from '@oclif/core';
import { renderDerive } from '../src/render/derive.js';
import { BankaiCommand } from './base.js';
import { deriveRequest, messageFlag } from './terminal/derive-flags.js';
import { stackFlags } from './terminal/stack-flags.js';

export default class Rm extends BankaiCommand {
  static override summary = 'Remove patches from the state of HEAD, with a commit.';
  static override description =
    'The working model loses their flips. They stay in the history, from which "bankai checkout" brings them back. Exits ' +
    'with 1 where there is nothing to remove.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 3f1c9a20b7',
    '<%= config.bin %> <%= command.id %> math -m "primes got worse"',
  ];
  static override args = {
    patches: Args.string({ required: true, description: 'The first digits of a patch id, or a stack.' }),
  };
  static override flags = { ...stackFlags, ...messageFlag };

  static override notOffered = {
    '-r': 'Name patches, or a stack: "bankai rm calc".',
    '--cached': 'Use "git rm --cached" for files. Patches leave state and model together.',
    '-f': 'Leave it out: what is removed stays in the history.',
    '--force': 'Leave it out: what is removed stays in the history.',
  };

  async run() {
    const { args, flags } = await this.parse(Rm);
    const { remove } = await import('../src/workflows/squash.js');
    const recorder = this.recorder(flags);
    return this.answer(await remove(this.directory, deriveRequest(args.patches, flags), recorder), renderDerive);
  }
}
