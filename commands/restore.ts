import { Args, Flags } from '@oclif/core';
import { renderRestore } from '../src/render/restore.js';
import { BankaiCommand } from './base.js';
import { messageFlag } from './terminal/derive-flags.js';
import { stackFlagsBeside, stackText } from './terminal/stack-flags.js';

export default class Restore extends BankaiCommand {
  static override strict = false;
  static override summary = 'Bring files back to what HEAD says, or patches from another stack.';
  static override description =
    'Without --source, files in worktree and index become those of HEAD: all of them unless some are named. With --source, ' +
    'patches of that stack come into the state of HEAD with their evidence and a commit, and the working model follows: ' +
    'what "bankai rm" takes away, this brings back. Exits with 1 where HEAD has them.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> patches',
    '<%= config.bin %> <%= command.id %> 3f1c9a20b7 --source HEAD~1',
  ];
  static override args = {
    what: Args.string({ description: 'Files and folders, or the first digits of patch ids.' }),
  };
  static override flags = {
    source: Flags.string({ helpValue: 'STACK', summary: 'Bring patches of this stack.' }),
    ...stackFlagsBeside('source'),
    ...messageFlag,
  };

  static override notOffered = {
    '-s': 'Write it out: "bankai restore PATCH --source STACK".',
    '-S': 'Use "git restore --staged": it works here too.',
    '--staged': 'Use "git restore --staged": it works here too. "bankai restore" brings index and worktree back.',
    '-W': 'Leave it out: "bankai restore" brings index and worktree back.',
    '--worktree': 'Leave it out: "bankai restore" brings index and worktree back.',
  };

  async run() {
    const { argv, flags } = await this.parse(Restore);
    const { restore } = await import('../src/workflows/restore.js');
    const request = {
      what: argv as string[],
      from: this.directory,
      ...(flags.source !== undefined && { source: stackText(flags.source, flags) }),
      ...(flags.message !== undefined && { message: flags.message }),
    };
    return this.answer(await restore(this.directory, request, this.recorder(flags)), renderRestore);
  }
}
