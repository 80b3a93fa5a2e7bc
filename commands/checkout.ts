import { Args, Flags } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import { renderCheckout } from '../src/render/checkout.js';
import { BankaiCommand } from './base.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Checkout extends BankaiCommand {
  static override summary = 'Make the working model what a stack says, writing only what differs.';
  static override description =
    'A stack is a branch, tag or commit, several of them joined by "+", or "base"; "-" is where HEAD was before. The touched tensors are verified ' +
    "against the base model's digests first. A running llama.cpp that maps the file answers differently from its next token on. " +
    'With -b a new branch starts there, as with "bankai switch -c".';
  static override examples = [
    '<%= config.bin %> <%= command.id %> calc',
    '<%= config.bin %> <%= command.id %> calc+math',
    '<%= config.bin %> <%= command.id %> calc~1+math --without fixes',
    '<%= config.bin %> <%= command.id %> base',
    '<%= config.bin %> <%= command.id %> -',
    '<%= config.bin %> <%= command.id %> -b both calc+math',
  ];
  static override args = {
    stack: Args.string({ description: 'What to check out, e.g. calc+math. With -b HEAD by default.' }),
  };
  static override flags = {
    ...stackFlags,
    branch: Flags.string({ char: 'b', helpValue: 'NAME', summary: 'Make this branch first, and go to it.' }),
  };

  static override notOffered = {
    '-B': 'Use "bankai branch -f NAME STACK", and then "bankai checkout NAME".',
    '-f': 'Use "bankai reset --hard" to drop changes of files first.',
    '--force': 'Use "bankai reset --hard" to drop changes of files first.',
    '--detach': 'Use "bankai switch --detach STACK".',
    '--orphan': 'Use "bankai checkout -b NAME base": what all branches begin with is the base model.',
    '-t': 'Use "bankai switch NAME": a branch that one remote has is made from there and follows it.',
    '--track': 'Use "bankai switch NAME": a branch that one remote has is made from there and follows it.',
  };

  async run() {
    const { args, flags } = await this.parse(Checkout);
    if (flags.branch !== undefined) {
      const { switchTo } = await import('../src/workflows/switch.js');
      const request = { name: flags.branch, start: stackText(args.stack ?? 'HEAD', flags) };
      return this.answer(await switchTo(this.directory, request, this.actor), renderCheckout);
    }
    if (args.stack === undefined) {
      throw new UsageError('USAGE', 'Cannot tell what to check out', {
        hint: 'Name a stack, as in "bankai checkout calc+math".',
      });
    }
    const { checkout } = await import('../src/workflows/checkout.js');
    return this.answer(await checkout(this.directory, stackText(args.stack, flags), this.actor), renderCheckout);
  }
}
