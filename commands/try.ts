import { Args, Flags } from '@oclif/core';
import { renderTry } from '../src/render/try.js';
import { BankaiCommand } from './base.js';
import { defaultThreads } from './terminal/person.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Try extends BankaiCommand {
  static override summary = 'Answer a prompt with the base and with a stack, side by side.';
  static override description =
    'Answers are generated greedily, up to the end of the line, and the working model stays as it is.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> "d/dx [x^7 + x] ="',
    '<%= config.bin %> <%= command.id %> "d/dx [x^7 + x] =" calc+math',
  ];
  static override args = {
    prompt: Args.string({ required: true, description: 'The text to continue.' }),
    stack: Args.string({ default: 'HEAD', description: 'The stack to compare with the base.' }),
  };
  static override flags = {
    ...stackFlags,
    tokens: Flags.integer({ char: 'n', min: 1, default: 64, summary: 'Generate at most so many tokens.' }),
    'whole-text': Flags.boolean({ summary: 'Go on after the end of the line.' }),
    threads: Flags.integer({ min: 1, summary: 'Threads; the answers do not depend on them.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Try);
    const { tryPrompt } = await import('../src/workflows/try.js');
    const report = await tryPrompt(this.directory, {
      prompt: args.prompt,
      stack: stackText(args.stack, flags),
      tokens: flags.tokens,
      wholeText: flags['whole-text'],
      threads: flags.threads ?? defaultThreads(),
    });
    return this.answer(report, renderTry);
  }
}
