/**
 * Runs experiments and writes what they found: `npm run experiment -- layers`, or `all`, with `--model FILE.gguf`, `--out DIR`
 * (docs/experiments), `--seed N`, `--iterations N` (the budget of every climb), `--questions FILE.jsonl` (as GSM8K's),
 * `--threads N`. The numbers do not depend on the threads.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeFileDurably } from '../src/durable.js';
import { openEngine } from '../src/engine/open.js';
import { openFile } from '../src/gguf/source.js';
import { parseProbes } from '../src/search/probes.js';
import { parseText } from '../src/search/texts.js';
import { type Experiment, formatFindings, formatIndex } from './experiment.js';
import { createLaboratory } from './laboratory.js';
import { layers } from './layers.js';
import { arithmetic, calculus } from './patches.js';
import { attention } from './attention.js';
import { gaming } from './gaming.js';
import { groups } from './groups.js';
import { randomFlips } from './random-flips.js';
import { safety } from './safety.js';
import { stacking } from './stacking.js';
import { generalising, variations } from './variations.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const experiments: readonly Experiment[] = [
  randomFlips,
  layers,
  calculus,
  arithmetic,
  variations,
  generalising,
  stacking,
  gaming,
  attention,
  groups,
  safety,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: join(root, 'fixtures', 'worksheet-5m-q1_0.gguf') },
    out: { type: 'string', default: join(root, 'docs', 'experiments') },
    seed: { type: 'string', default: '1' },
    iterations: { type: 'string', default: '300' },
    questions: { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
});
const names = experiments.map(({ name }) => name);
const chosen = experiments.filter(({ name }) => positionals.includes(name) || positionals.includes('all'));
if (chosen.length === 0 || positionals.some((name) => name !== 'all' && !names.includes(name))) {
  console.error(`Name one or more experiments, or all: ${names.join(', ')}`);
  process.exit(129);
}

const read = (...path: readonly string[]): Uint8Array => readFileSync(join(root, 'fixtures', ...path));
const source = openFile(values.model);
const engine = await openEngine(source, { threads: Number(values.threads) });
const { seed, iterations } = { seed: Number(values.seed), iterations: Number(values.iterations) };
const laboratory = createLaboratory({
  ...{ engine, seed, iterations },
  readProbes: (name) => parseProbes(read('probes', `${name}.json`), name),
  text: parseText(read('text.txt'), 'text.txt'),
  questions: values.questions === undefined ? undefined : readFileSync(values.questions),
});
const settingOf = ({ searches }: Experiment): string =>
  `model ${basename(values.model)}, seed ${seed}${searches ? `, at most ${iterations} trials a climb` : ''}`;
mkdirSync(values.out, { recursive: true });
await writeFileDurably(join(values.out, 'README.md'), formatIndex(experiments));
for (const experiment of chosen) {
  const { markdown, svg } = formatFindings(experiment, settingOf(experiment), await experiment.run(laboratory));
  await writeFileDurably(join(values.out, `${experiment.name}.md`), markdown);
  await writeFileDurably(join(values.out, `${experiment.name}.svg`), svg);
  console.log(markdown);
}
await engine.dispose();
source.close();
