import { writeFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import { evalSvg, renderEval } from '../src/render/eval.js';
import { BankaiCommand } from './base.js';
import { readProbeFile, readTextFile } from './terminal/files.js';
import { defaultThreads } from './terminal/person.js';
import { stackFlags, stackText } from './terminal/stack-flags.js';

export default class Eval extends BankaiCommand {
  static override summary = 'Count what a stack fixes and breaks on probe files.';
  static override description =
    'Compares with the base, or with the stack --against. Every prompt is answered greedily; an answer is right when its first line equals the correct answer or an alternate. ' +
    'The p-value is that of the exact two-sided McNemar test. Of a text, perplexity and divergence are measured.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> calc --probes calculus-heldout',
    '<%= config.bin %> <%= command.id %> calc+math --against calc --probes heldout.json --json',
    '<%= config.bin %> <%= command.id %> calc --text text',
    '<%= config.bin %> <%= command.id %> calc --probes calculus-heldout --plot --svg calc.svg',
  ];
  static override args = { stack: Args.string({ required: true, description: 'The stack to evaluate.' }) };
  static override flags = {
    ...stackFlags,
    probes: Flags.string({
      multiple: true,
      helpValue: 'FILE|NAME',
      summary: 'Probes that the search has not seen. Repeatable.',
    }),
    text: Flags.string({
      multiple: true,
      helpValue: 'FILE|NAME',
      summary: 'Text to measure perplexity on. Repeatable.',
    }),
    against: Flags.string({ default: 'base', helpValue: 'STACK', summary: 'The stack to compare with.' }),
    plot: Flags.boolean({ summary: 'Show how likely correct answers are, and their margins.' }),
    svg: Flags.string({
      helpValue: 'FILE',
      summary: 'Draw how likely each correct answer is, and its margin, into this file.',
    }),
    threads: Flags.integer({ min: 1, summary: 'Threads; the answers do not depend on them.' }),
  };

  async run() {
    const { args, flags } = await this.parse(Eval);
    const resolvePath = (path: string): string => this.path(path);
    const read = (names: readonly string[] = []) => Promise.all(names.map((name) => readProbeFile(name, resolvePath)));
    const probes = await read(flags.probes);
    const texts = await Promise.all((flags.text ?? []).map((name) => readTextFile(name, resolvePath)));
    if (probes.length + texts.length === 0) {
      throw new UsageError('USAGE', 'There is nothing to evaluate', {
        hint: 'Give probes (--probes) or a text (--text).',
      });
    }
    const { evaluate } = await import('../src/workflows/eval.js');
    const update = this.progress('Measuring');
    const report = await evaluate(this.directory, {
      stack: stackText(args.stack, flags),
      ...{ against: flags.against, probes, texts },
      likelihoods: flags.plot || flags.svg !== undefined,
      threads: flags.threads ?? defaultThreads(),
      signal: this.signal,
      onProgress: (done, total) => update({ done, total }),
    });
    if (flags.svg !== undefined) await writeFile(this.path(flags.svg), evalSvg(report));
    return this.answer(report, renderEval);
  }
}
