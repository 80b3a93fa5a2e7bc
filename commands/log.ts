import { Args, Flags } from '@oclif/core';
import { renderLog, renderLogOneline } from '../src/render/log.js';
import { BankaiCommand } from './base.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Log extends BankaiCommand {
  static override summary = 'List the commits that lead to a stack, with the patches that came and went.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> calc --oneline',
    '<%= config.bin %> <%= command.id %> -n 5',
  ];
  static override args = { stack: Args.string({ default: 'HEAD', description: 'Where to start.' }) };
  static override flags = {
    ...stackFlags,
    number: Flags.integer({ char: 'n', min: 1, summary: 'List at most so many.' }),
    oneline: Flags.boolean({ summary: 'One line a commit.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Log);
    const { log } = await import('../src/workflows/log.js');
    return this.answer(
      await log(this.directory, stackText(args.stack, flags), flags.number),
      flags.oneline ? renderLogOneline : renderLog,
    );
  }
}
