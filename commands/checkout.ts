import { Args } from '@oclif/core';
import { renderCheckout } from '../src/render/checkout.js';
import { BankaiCommand } from './base.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Checkout extends BankaiCommand {
  static override summary = 'Make the working model what a stack says, writing only what differs.';
  static override description =
    'A stack is a branch, tag or commit, several of them joined by "+", or "base"; "-" is where HEAD was before. The touched tensors are verified ' +
    "against the base model's digests first. A running llama.cpp that maps the file answers differently from its next token on.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> calc',
    '<%= config.bin %> <%= command.id %> calc+math',
    '<%= config.bin %> <%= command.id %> calc~1+math --without fixes',
    '<%= config.bin %> <%= command.id %> base',
    '<%= config.bin %> <%= command.id %> -',
  ];
  static override args = { stack: Args.string({ required: true, description: 'What to check out, e.g. calc+math.' }) };
  static override flags = { ...stackFlags };

  async run() {
    const { args, flags } = await this.parse(Checkout);
    const { checkout } = await import('../src/workflows/checkout.js');
    return this.answer(await checkout(this.directory, stackText(args.stack, flags), this.actor), renderCheckout);
  }
}
