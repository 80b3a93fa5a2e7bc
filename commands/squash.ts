import { Args } from '@oclif/core';
import { renderDerive } from '../src/render/derive.js';
import { BankaiCommand } from './base.js';
import { deriveFlags, deriveRequest } from './terminal/derive-flags.js';

export default class Squash extends BankaiCommand {
  static override summary = 'Make one patch of several, with the same mask.';
  static override description =
    'The new patch takes the place of the old ones at HEAD, or starts a branch of its own with -b. The model stays as it ' +
    'is; flips that cancelled are gone for good. A signed statement names the patches it was made of, whose own evidence ' +
    'stays in the history. Exits with 1 where there is nothing to squash.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> calc+math -b both -m "calculus and arithmetic in one"',
  ];
  static override args = { stack: Args.string({ default: 'HEAD', description: 'The patches, as a stack.' }) };
  static override flags = deriveFlags;

  async run() {
    const { args, flags } = await this.parse(Squash);
    const { squash } = await import('../src/workflows/squash.js');
    const recorder = this.recorder(flags);
    return this.answer(await squash(this.directory, deriveRequest(args.stack, flags), recorder), renderDerive);
  }
}
