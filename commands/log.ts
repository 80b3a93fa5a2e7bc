import { Args, Flags } from '@oclif/core';
import { renderLog, renderLogGraph, renderLogOneline } from '../src/render/log.js';
import { BankaiCommand } from './base.js';
import { countsWrittenOut } from './terminal/count-shorthand.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Log extends BankaiCommand {
  static override summary = 'List the commits that lead to a stack, with the patches that came and went.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> calc --oneline',
    '<%= config.bin %> <%= command.id %> calc+math --graph --oneline',
    '<%= config.bin %> <%= command.id %> -n 5',
  ];
  static override args = { stack: Args.string({ default: 'HEAD', description: 'Where to start.' }) };
  static override flags = {
    ...stackFlags,
    number: Flags.integer({ char: 'n', min: 1, summary: 'List at most so many; -5 is short for -n 5.' }),
    graph: Flags.boolean({ summary: 'Draw how the history parts and meets, beside it.' }),
    oneline: Flags.boolean({ summary: 'One line a commit.' }),
  };

  static override notOffered = {
    '--all': 'Name branches as a stack: "bankai log calc+math --graph". "git log --all" works here too.',
    '-p': 'Use "bankai diff A B" to compare two states, and "bankai show COMMIT" for the patches of one commit.',
    '--patch': 'Use "bankai diff A B" to compare two states, and "bankai show COMMIT" for the patches of one commit.',
    '--stat': 'Use "bankai diff A B --stat" to compare two states layer by layer.',
    '--decorate': 'Leave it out: branches and tags are told always.',
    '--author': 'Use "git log --author": it works here too.',
    '--grep': 'Use "git log --grep": it works here too.',
    '--since': 'Use "git log --since": it works here too.',
    '--first-parent': 'Use "git log --first-parent": it works here too.',
    '--reverse': 'Use "git log --reverse": it works here too.',
  };

  async run() {
    const { args, flags } = await this.parse(Log, countsWrittenOut(this.argv));
    const { log } = await import('../src/workflows/log.js');
    const options = { limit: flags.number, byLines: flags.graph };
    const entries = await log(this.directory, stackText(args.stack, flags), options);
    if (flags.graph) return this.answer(entries, (list, view) => renderLogGraph(list, flags.oneline, view));
    return this.answer(entries, flags.oneline ? renderLogOneline : renderLog);
  }
}
