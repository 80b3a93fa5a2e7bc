import { Args, Flags } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import { renderPull } from '../src/render/pull.js';
import { BankaiCommand } from './base.js';
import { signingFlags } from './terminal/passphrase.js';
import { remoteFlags } from './terminal/remote-options.js';

export default class Pull extends BankaiCommand {
  static override summary = 'Fetch, verify and merge what the branch follows; the working model too.';
  static override description =
    'The same as fetch and then merge: HEAD moves without a commit where it can, and where both sides have something new ' +
    'a merge commit unites them, also where git is told to rebase (pull.rebase): patches of two sides do not conflict.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> origin calc --ff-only',
  ];
  static override args = {
    remote: Args.string({ description: 'Name of the remote; by default the one that the branch follows.' }),
    branch: Args.string({ description: 'Its branch.' }),
  };
  static override flags = {
    ff: Flags.boolean({
      allowNo: true,
      default: true,
      summary: 'Move HEAD without a commit where that is enough; --no-ff always makes one.',
    }),
    'ff-only': Flags.boolean({ summary: 'Refuse to merge where that takes a commit.' }),
    ...remoteFlags,
    ...signingFlags,
  };

  static override notOffered = {
    '--rebase':
      'Patches of two sides unite without a conflict, so they are merged. For a history in one line: "bankai fetch", "bankai reset --hard @{u}", then "bankai cherry-pick" of each commit.',
    '-r': 'Patches of two sides unite without a conflict, so they are merged. For a history in one line: "bankai fetch", "bankai reset --hard @{u}", then "bankai cherry-pick" of each commit.',
    '--depth':
      'Patches are small, and what is said of them rests on their history: all of it is fetched. Leave the flag out.',
  };

  async run() {
    const { args, flags } = await this.parse(Pull);
    if (args.remote !== undefined && args.branch === undefined) {
      throw new UsageError('USAGE', 'Which branch of the remote is not said', {
        hint: `Name it: bankai pull ${args.remote} BRANCH.`,
      });
    }
    const { pull } = await import('../src/workflows/pull.js');
    const fastForward = flags['ff-only'] ? 'only' : flags.ff ? undefined : 'never';
    const request = {
      ...(args.remote !== undefined && { remote: args.remote }),
      ...(args.branch !== undefined && { branch: args.branch }),
      ...(fastForward !== undefined && ({ fastForward } as const)),
    };
    const outcome = await pull(this.directory, request, this.recorder(flags), await this.remoteOptions(flags.timeout));
    return this.answer(outcome, renderPull);
  }
}
