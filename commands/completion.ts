import { Args } from '@oclif/core';
import { type CompletedFlag, completionScript } from '../src/render/completion.js';
import { BankaiCommand } from './base.js';

export default class Completion extends BankaiCommand {
  static override enableJsonFlag = false;
  static override summary = 'Print a script that makes a shell complete verbs, flags, branches and tags.';
  static override description =
    'For bash and zsh, evaluate it at the start of the shell; for fish, pipe it into "source". Names after a "+" are ' +
    'completed too.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> bash >> ~/.bashrc',
    '<%= config.bin %> <%= command.id %> zsh >> ~/.zshrc',
    '<%= config.bin %> <%= command.id %> fish > ~/.config/fish/completions/bankai.fish',
  ];
  static override args = {
    shell: Args.string({ required: true, options: ['bash', 'zsh', 'fish'], description: 'The shell.' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    const commands = this.config.commands
      .filter(({ hidden }) => !hidden)
      .map(({ id, summary, flags }) => ({
        verb: id.replaceAll(':', ' '),
        summary: summary ?? '',
        flags: Object.values(flags).map((flag): CompletedFlag => ({
          name: flag.name,
          ...(flag.char !== undefined && { char: flag.char }),
          summary: flag.summary ?? flag.description ?? '',
          takesValue: flag.type === 'option',
          ...(flag.type === 'option' && flag.options && { options: flag.options }),
        })),
      }))
      .sort((a, b) => (a.verb < b.verb ? -1 : 1));
    this.print(
      completionScript(args.shell as 'bash' | 'zsh' | 'fish', commands)
        .trimEnd()
        .split('\n'),
    );
  }
}
