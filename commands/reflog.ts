import { Args, Flags } from '@oclif/core';
import { renderReflog } from '../src/render/reflog.js';
import { BankaiCommand } from './base.js';
import { countsWrittenOut } from './terminal/count-shorthand.js';

export default class Reflog extends BankaiCommand {
  static override summary = 'List where HEAD or a branch was, and what moved it.';
  static override description =
    'The logs are git\'s own: "git reflog" shows the same, and what git did is here too. What is in them can be used in ' +
    'stacks, as in calc@{1}.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> calc',
    '<%= config.bin %> <%= command.id %> -n 5 --json',
  ];
  static override args = { ref: Args.string({ default: 'HEAD', description: 'HEAD, or a branch.' }) };
  static override flags = {
    number: Flags.integer({ char: 'n', min: 1, summary: 'List at most so many; -5 is short for -n 5.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Reflog, countsWrittenOut(this.argv));
    const { reflog } = await import('../src/workflows/reflog.js');
    return this.answer(await reflog(this.directory, args.ref, flags.number), renderReflog);
  }
}
