import { Args, Flags } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import { renderBranches, renderChangedBranch, renderNewBranch } from '../src/render/branch.js';
import { BankaiCommand } from './base.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Branch extends BankaiCommand {
  static override summary = 'List the branches, or create, rename or delete one.';
  static override description =
    'A new branch starts at HEAD, or at the stack given. HEAD and the working model stay; "bankai switch -c" goes there at once. ' +
    'With -m, NAME is given the name STACK, or the branch that HEAD is on the name NAME. -d deletes a branch whose commits ' +
    'HEAD, or the branch it follows, has too; -D any.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> -a',
    '<%= config.bin %> <%= command.id %> both calc+math',
    '<%= config.bin %> <%= command.id %> -m both calculator',
    '<%= config.bin %> <%= command.id %> -d calculator',
  ];
  static override args = {
    name: Args.string({ description: 'Name of the branch.' }),
    stack: Args.string({ description: 'Where a new one starts, HEAD by default; with -m its new name.' }),
  };
  static override flags = {
    ...stackFlags,
    remotes: Flags.boolean({
      char: 'r',
      exclusive: ['all'],
      summary: 'List the branches of remotes, as they were last seen.',
    }),
    all: Flags.boolean({ char: 'a', summary: 'List the branches here and those of remotes.' }),
    delete: Flags.boolean({ char: 'd', exclusive: ['move'], summary: 'Delete the branch.' }),
    move: Flags.boolean({ char: 'm', summary: 'Rename the branch.' }),
    force: Flags.boolean({
      char: 'f',
      summary:
        'With -d: though its commits are nowhere else. With -m: over another one. Alone: move the branch to STACK.',
    }),
    'delete-force': Flags.boolean({ char: 'D', exclusive: ['move', 'move-force'], summary: 'The same as -d -f.' }),
    'move-force': Flags.boolean({ char: 'M', exclusive: ['delete'], summary: 'The same as -m -f.' }),
  };

  static override notOffered = {
    '-v': 'Leave it out: "bankai branch" says where each is, how many patches it has and what it follows.',
    '-vv': 'Leave it out: "bankai branch" says where each is, how many patches it has and what it follows.',
    '--list': 'Leave it out: without a name "bankai branch" lists them. "git branch --list PATTERN" works here too.',
    '-l': 'Leave it out: without a name "bankai branch" lists them. "git branch --list PATTERN" works here too.',
    '--show-current': '"bankai status" says it first. "git branch --show-current" works here too.',
    '-c': 'Use "bankai branch NEW OLD".',
    '--copy': 'Use "bankai branch NEW OLD".',
    '-u': 'Use "git branch -u REMOTE/BRANCH", or "bankai push -u".',
    '--set-upstream-to': 'Use "git branch --set-upstream-to REMOTE/BRANCH", or "bankai push -u".',
    '--contains': 'Use "git branch --contains COMMIT": it works here too.',
    '--merged': 'Use "git branch --merged": it works here too.',
    '--no-merged': 'Use "git branch --no-merged": it works here too.',
  };

  async run() {
    const { args, flags } = await this.parse(Branch);
    const { branches, dropBranch, moveBranch, newBranch } = await import('../src/workflows/branch.js');
    const { name, stack } = args;
    const deletes = flags.delete || flags['delete-force'];
    const moves = flags.move || flags['move-force'];
    const lists = flags.remotes || flags.all;
    if (lists && (name !== undefined || deletes || moves)) throw misused('-r and -a list branches, and take no name.');
    if (name === undefined) {
      if (deletes || moves) throw misused('Name the branch.');
      const scope = flags.all ? 'all' : flags.remotes ? 'remote' : 'local';
      return this.answer(await branches(this.directory, scope), renderBranches);
    }
    if (deletes) {
      if (stack !== undefined) throw misused('Delete one branch at a time.');
      const force = flags.force || flags['delete-force'];
      return this.answer(await dropBranch(this.directory, name, force), renderChangedBranch);
    }
    if (moves) {
      const force = flags.force || flags['move-force'];
      const names = stack === undefined ? { to: name } : { from: name, to: stack };
      return this.answer(await moveBranch(this.directory, { ...names, force }, this.actor), renderChangedBranch);
    }
    const request = { name, stack: stackText(stack ?? 'HEAD', flags), replace: flags.force };
    return this.answer(await newBranch(this.directory, request, this.actor), renderNewBranch);
  }
}

const misused = (hint: string): UsageError => new UsageError('USAGE', 'Cannot tell which branch is meant', { hint });
