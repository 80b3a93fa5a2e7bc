import { Args, Flags } from '@oclif/core';
import { renderFetch } from '../src/render/fetch.js';
import { BankaiCommand } from './base.js';
import { remoteFlags } from './terminal/remote-options.js';

export default class Fetch extends BankaiCommand {
  static override summary = 'Get what a remote has, verify it, and remember it as REMOTE/BRANCH.';
  static override description =
    'HEAD and the working model stay. Objects wait in quarantine until every one of them, every patch id and every ' +
    'signature has been verified; when anything is wrong, nothing of it is kept.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> origin calc math',
    '<%= config.bin %> <%= command.id %> --prune --tags',
  ];
  static override strict = false;
  static override args = {
    remote: Args.string({ description: 'Name of the remote; by default the one that the branch follows, or origin.' }),
    branch: Args.string({ description: 'Only this branch of it; several can be named.' }),
  };
  static override flags = {
    prune: Flags.boolean({ char: 'p', summary: 'Forget branches that are no more over there.' }),
    tags: Flags.boolean({ char: 't', summary: 'Get all tags, not only those of what is fetched.' }),
    ...remoteFlags,
  };

  static override notOffered = {
    '--depth':
      'Patches are small, and what is said of them rests on their history: all of it is fetched. Leave the flag out.',
    '--unshallow': 'Use "git fetch --unshallow": a clone that git has cut short is made whole by git.',
  };

  async run() {
    const { args, argv, flags } = await this.parse(Fetch);
    const { fetch } = await import('../src/workflows/fetch.js');
    const branches = (argv as string[]).slice(1);
    const request = {
      ...(args.remote !== undefined && { remote: args.remote }),
      ...(branches.length > 0 && { branches }),
      tags: flags.tags,
      prune: flags.prune,
    };
    const outcome = await fetch(this.directory, request, this.actor, await this.remoteOptions(flags.timeout));
    return this.answer(outcome, renderFetch);
  }
}
