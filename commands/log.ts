import { Args, Flags } from '@oclif/core';
import { renderLog, renderLogGraph, renderLogOneline } from '../src/render/log.js';
import { BankaiCommand } from './base.js';
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
    number: Flags.integer({ char: 'n', min: 1, summary: 'List at most so many.' }),
    graph: Flags.boolean({ summary: 'Draw how the history parts and meets, beside it.' }),
    oneline: Flags.boolean({ summary: 'One line a commit.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Log);
    const { log } = await import('../src/workflows/log.js');
    const options = { limit: flags.number, byLines: flags.graph };
    const entries = await log(this.directory, stackText(args.stack, flags), options);
    if (flags.graph) return this.answer(entries, (list, view) => renderLogGraph(list, flags.oneline, view));
    return this.answer(entries, flags.oneline ? renderLogOneline : renderLog);
  }
}
