import { Flags } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import { renderCommit } from '../src/render/commit.js';
import { BankaiCommand } from './base.js';
import { readProbeFile, readTextFile } from './terminal/files.js';
import { signingFlags } from './terminal/passphrase.js';
import { defaultThreads } from './terminal/person.js';
import { searchUpdate } from './terminal/search-progress.js';
import { stackFlagsBeside, stackText } from './terminal/stack-flags.js';

export default class Commit extends BankaiCommand {
  static override summary = 'Search a patch that fixes what the model gets wrong, sign it and record it.';
  static override description =
    'Searches on top of the present state; with -b on top of the base, or of any stack with --on. Several probe files are ' +
    'searched for together; of 100 probes or more each, those that a patch below was searched with are held as they are, and ' +
    'the others searched for. Ctrl-C ends the search, records nothing and keeps a checkpoint, ' +
    'as does a crash: the same command with --resume goes on from there, to the same patch. Exits with 1 when nothing was gained. With held-out problems, ' +
    'controls or a text it is measured afterwards what the patch does to them, and that is signed as well.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> -b calc -m "calculus" --probes calculus --controls knowledge',
    '<%= config.bin %> <%= command.id %> -m "sums" --probes sums.json --heldout exam.json --text text',
    '<%= config.bin %> <%= command.id %> -m "primes" --probes primes.json --time 120',
    '<%= config.bin %> <%= command.id %> -b both --on calc+math -m "mend" --probes calculus',
    '<%= config.bin %> <%= command.id %> -b two --on calc -m sums --probes calculus --probes arithmetic',
  ];
  static override flags = {
    message: Flags.string({ char: 'm', required: true, helpValue: 'MSG', summary: 'What the patch is for.' }),
    probes: Flags.string({
      multiple: true,
      required: true,
      helpValue: 'FILE|NAME',
      summary: 'Probes to get right. Repeatable.',
    }),
    controls: Flags.string({
      multiple: true,
      helpValue: 'FILE|NAME',
      summary: 'Probes that must not get worse. Repeatable.',
    }),
    heldout: Flags.string({
      multiple: true,
      helpGroup: 'EVIDENCE',
      helpValue: 'FILE|NAME',
      summary: 'Problems that the search does not see, to measure what it found. Repeatable.',
    }),
    text: Flags.string({
      multiple: true,
      helpGroup: 'EVIDENCE',
      helpValue: 'FILE|NAME',
      summary: 'Text to measure perplexity on. Repeatable.',
    }),
    branch: Flags.string({ char: 'b', helpValue: 'NAME', summary: 'Start this new branch, at the base.' }),
    on: Flags.string({
      helpValue: 'STACK',
      dependsOn: ['branch'],
      summary: 'Start the new branch at this stack instead, to mend what stacking lost.',
    }),
    ...stackFlagsBeside('on'),
    iterations: Flags.integer({
      min: 1,
      helpGroup: 'BUDGET',
      summary: 'Try at most so many candidates. [default: 300 of greedy; guided ends by itself]',
    }),
    time: Flags.integer({ min: 1, helpGroup: 'BUDGET', helpValue: 'SECONDS', summary: 'Search at most so long.' }),
    flips: Flags.integer({ min: 1, helpGroup: 'BUDGET', summary: 'Stop at so many flips.' }),
    resume: Flags.boolean({
      helpGroup: 'BUDGET',
      summary: 'Go on with this search where Ctrl-C or a crash ended it. The budget may be another.',
    }),
    seed: Flags.integer({ min: 0, default: 1, helpGroup: 'SEARCH', summary: 'Decides every random choice.' }),
    strategy: Flags.option({
      options: ['greedy', 'guided'] as const,
      default: 'guided' as const,
      helpGroup: 'SEARCH',
      summary: 'How to search.',
    })(),
    fitness: Flags.option({
      options: ['answer', 'gap'] as const,
      default: 'answer' as const,
      helpGroup: 'SEARCH',
      summary: 'What to improve.',
    })(),
    layers: Flags.string({ helpGroup: 'SEARCH', helpValue: 'N,N,…', summary: 'Layers to search, from 0.' }),
    threads: Flags.integer({ min: 1, helpGroup: 'SEARCH', summary: 'Threads; the result does not depend on them.' }),
    ...signingFlags,
  };

  async run() {
    const { flags } = await this.parse(Commit);
    const resolvePath = (path: string): string => this.path(path);
    const read = (names: readonly string[] = []) => Promise.all(names.map((name) => readProbeFile(name, resolvePath)));
    const [probes, controls, heldOut] = [
      await read(flags.probes),
      await read(flags.controls),
      await read(flags.heldout),
    ];
    const texts = await Promise.all((flags.text ?? []).map((name) => readTextFile(name, resolvePath)));
    const { commit } = await import('../src/workflows/commit.js');
    const limited = flags.strategy === 'guided' || flags.time !== undefined || flags.flips !== undefined;
    const iterations = flags.iterations ?? (limited ? undefined : 300);
    const update = this.progress('Searching');
    const measuring = this.progress('Measuring');
    const outcome = await commit(
      this.directory,
      {
        message: flags.message,
        probes,
        ...{ controls, heldOut, texts },
        ...(flags.branch !== undefined && { branch: flags.branch }),
        ...(flags.on !== undefined && { on: stackText(flags.on, flags) }),
        strategy: flags.strategy,
        fitness: flags.fitness,
        ...(flags.layers !== undefined && { layers: parseLayers(flags.layers) }),
        seed: flags.seed,
        budget: {
          ...(iterations !== undefined && { iterations }),
          ...(flags.time !== undefined && { seconds: flags.time }),
          ...(flags.flips !== undefined && { flips: flags.flips }),
        },
        threads: flags.threads ?? defaultThreads(),
        resume: flags.resume,
        signal: this.signal,
        onProgress: (progress) => update(searchUpdate(progress, iterations)),
        onMeasure: (done, total) => measuring({ done, total }),
      },
      this.recorder(flags),
    );
    return this.answer(outcome, renderCommit);
  }
}

function parseLayers(text: string): number[] {
  const layers = text.split(',').map((part) => (/^\d{1,5}$/.test(part.trim()) ? Number(part) : NaN));
  if (layers.every((layer) => !Number.isNaN(layer))) return layers;
  throw new UsageError('USAGE', `Cannot read the layers "${text}"`, {
    hint: 'Give numbers with commas between: --layers 1,2,3.',
  });
}
