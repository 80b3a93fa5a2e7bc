import { Args, Flags } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import { renderCheckout } from '../src/render/checkout.js';
import { BankaiCommand } from './base.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Switch extends BankaiCommand {
  static override summary = 'Go to a branch, or make one and go there; the working model follows.';
  static override description =
    '"-" is the branch before. A branch that one remote has, and nobody here, is made from there and follows it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> calc',
    '<%= config.bin %> <%= command.id %> -',
    '<%= config.bin %> <%= command.id %> -c both calc+math',
    '<%= config.bin %> <%= command.id %> --detach calc~1',
  ];
  static override args = {
    branch: Args.string({ description: 'The branch; with -c where the new one starts, HEAD by default.' }),
  };
  static override flags = {
    ...stackFlags,
    create: Flags.string({ char: 'c', helpValue: 'NAME', summary: 'Make this branch first.' }),
    detach: Flags.boolean({ exclusive: ['create'], summary: 'Go to a stack, on no branch.' }),
  };

  static override notOffered = {
    '-f': 'Use "bankai reset --hard" to drop changes of files first.',
    '--force': 'Use "bankai reset --hard" to drop changes of files first.',
    '--discard-changes': 'Use "bankai reset --hard" to drop changes of files first.',
    '--force-create': 'Use "bankai branch -f NAME STACK", and then "bankai switch NAME".',
    '-d': 'Write it out: "bankai switch --detach STACK".',
    '--orphan': 'Use "bankai switch -c NAME base": what all branches begin with is the base model.',
    '-t': 'Leave it out: a branch that one remote has is made from there and follows it.',
    '--track': 'Leave it out: a branch that one remote has is made from there and follows it.',
  };

  async run() {
    const { args, flags } = await this.parse(Switch);
    const { switchTo } = await import('../src/workflows/switch.js');
    if (flags.create !== undefined) {
      const request = { name: flags.create, start: stackText(args.branch ?? 'HEAD', flags) };
      return this.answer(await switchTo(this.directory, request, this.actor), renderCheckout);
    }
    if (args.branch === undefined) {
      throw new UsageError('USAGE', 'Cannot tell where to switch to', { hint: 'Name a branch, or make one with -c.' });
    }
    const request = { name: stackText(args.branch, flags), detach: flags.detach };
    return this.answer(await switchTo(this.directory, request, this.actor), renderCheckout);
  }
}
