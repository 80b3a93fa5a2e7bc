import { writeFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { diffSvg, renderDiff, renderDiffStat } from '../src/render/diff.js';
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
    '<%= config.bin %> <%= command.id %> calc math --stat --svg overlap.svg',
    '<%= config.bin %> <%= command.id %> base calc --all',
  ];
  static override args = {
    a: Args.string({ default: 'base', description: 'One stack.' }),
    b: Args.string({ default: 'HEAD', description: 'The other stack.' }),
  };
  static override flags = {
    ...stackFlags,
    stat: Flags.boolean({ exclusive: ['all', 'text'], summary: 'Only the counts, and a bar a layer.' }),
    svg: Flags.string({ exclusive: ['text'], helpValue: 'FILE', summary: 'Draw the bars into this file too.' }),
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
      const report = await diff(this.directory, stackText(args.a, flags), stackText(args.b, flags));
      if (flags.svg !== undefined) await writeFile(this.path(flags.svg), diffSvg(report));
      if (flags.stat) return this.answer(report, renderDiffStat);
      return this.answer(report, (data, view) => renderDiff(data, view, flags.all));
    }
    const documents = await diffDocuments(this.directory, stackText(args.a, flags), stackText(args.b, flags));
    return this.answer(documents, ({ a, b }, view) => renderTextDiff(a, b, view));
  }
}
