import { Args } from '@oclif/core';
import { renderBranches, renderNewBranch } from '../src/render/branch.js';
import { BankaiCommand } from './base.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Branch extends BankaiCommand {
  static override summary = 'List the branches, or create one.';
  static override description = 'A new branch starts at HEAD, or at the stack given. HEAD and the working model stay.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> both calc+math',
    '<%= config.bin %> <%= command.id %> fresh base',
  ];
  static override args = {
    name: Args.string({ description: 'Name of the new branch.' }),
    stack: Args.string({ default: 'HEAD', description: 'Where it starts.' }),
  };

  static override flags = { ...stackFlags };

  async run() {
    const { args, flags } = await this.parse(Branch);
    const { branches, newBranch } = await import('../src/workflows/branch.js');
    if (args.name === undefined) return this.answer(await branches(this.directory), renderBranches);
    return this.answer(
      await newBranch(this.directory, args.name, stackText(args.stack, flags), this.actor),
      renderNewBranch,
    );
  }
}
