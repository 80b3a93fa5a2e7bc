import { Args, Flags } from '@oclif/core';
import { renderDiff } from '../src/render/diff.js';
import { renderTextDiff } from '../src/render/text-diff.js';
import { BankaiCommand } from './base.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Diff extends BankaiCommand {
  static override summary = 'Compare two stacks: rows in both, which of them cancel, rows in one only.';
  static override description =
    'Without B, A is compared with HEAD; without both, the base with HEAD. A row that two different patches flip is back ' +
    'at the base when both are applied: it cancels.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> calc math',
    '<%= config.bin %> <%= command.id %> calc math --text',
    '<%= config.bin %> <%= command.id %> base calc --all',
  ];
  static override args = {
    a: Args.string({ default: 'base', description: 'One stack.' }),
    b: Args.string({ default: 'HEAD', description: 'The other stack.' }),
  };
  static override flags = {
    ...stackFlags,
    all: Flags.boolean({ summary: 'List every flip, not only those in both.' }),
    text: Flags.boolean({
      exclusive: ['all', 'json'],
      summary: 'Print a unified diff of the two states as patch documents.',
    }),
  };

  async run() {
    const { args, flags } = await this.parse(Diff);
    const { diff, diffDocuments } = await import('../src/workflows/diff.js');
    if (!flags.text) {
      return this.answer(
        await diff(this.directory, stackText(args.a, flags), stackText(args.b, flags)),
        (report, view) => renderDiff(report, view, flags.all),
      );
    }
    const documents = await diffDocuments(this.directory, stackText(args.a, flags), stackText(args.b, flags));
    return this.answer(documents, ({ a, b }, view) => renderTextDiff(a, b, view));
  }
}
