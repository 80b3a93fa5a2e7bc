import { Args, Flags } from '@oclif/core';
import { renderReset } from '../src/render/reset.js';
import { BankaiCommand } from './base.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

const modes = ['keep', 'hard', 'mixed', 'soft'] as const;

export default class Reset extends BankaiCommand {
  static override summary = 'Move HEAD and its branch to a stack; worktree and working model follow.';
  static override description =
    "The modes are git's. Model and worktree belong together here, so that --keep, which refuses to overwrite a change, is " +
    'the default, and --mixed and --soft leave the model behind, as plain git would.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> calc',
    '<%= config.bin %> <%= command.id %> --hard HEAD',
    '<%= config.bin %> <%= command.id %> --soft base',
  ];
  static override args = { stack: Args.string({ default: 'HEAD', description: 'Where to go.' }) };
  static override flags = {
    ...stackFlags,
    keep: Flags.boolean({ exclusive: ['hard', 'mixed', 'soft'], summary: 'Refuse to overwrite changes: the default.' }),
    hard: Flags.boolean({ exclusive: ['mixed', 'soft'], summary: 'Drop all changes of tracked files.' }),
    mixed: Flags.boolean({ exclusive: ['soft'], summary: 'Move the index, but neither worktree nor model.' }),
    soft: Flags.boolean({ summary: 'Move nothing else.' }),
  };

  static override notOffered = {
    '--merge': 'Use --keep, the default: it refuses to overwrite changes. --hard drops them.',
    '-p': 'Use "bankai restore FILE".',
    '--patch': 'Use "bankai restore FILE".',
  };

  async run() {
    const { args, flags } = await this.parse(Reset);
    const { reset } = await import('../src/workflows/reset.js');
    const mode = modes.find((name) => flags[name]) ?? 'keep';
    return this.answer(await reset(this.directory, stackText(args.stack, flags), mode, this.actor), renderReset);
  }
}
