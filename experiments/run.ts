/**
 * Runs experiments and writes what they found: `npm run experiment -- layers`, or `all`, with `--model FILE.gguf`, `--out DIR`
 * (docs/experiments), `--seed N`, `--threads N`. The numbers do not depend on the threads.
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
import { type Experiment, formatFindings } from './experiment.js';
import { layers } from './layers.js';
import { randomFlips } from './random-flips.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const experiments: readonly Experiment[] = [randomFlips, layers];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: join(root, 'fixtures', 'worksheet-5m-q1_0.gguf') },
    out: { type: 'string', default: join(root, 'docs', 'experiments') },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
  },
});
const names = experiments.map(({ name }) => name);
const chosen = experiments.filter(({ name }) => positionals.includes(name) || positionals.includes('all'));
if (chosen.length === 0) {
  console.error(`Name one or more experiments, or all: ${names.join(', ')}`);
  process.exit(129);
}

const read = (...path: readonly string[]): Uint8Array => readFileSync(join(root, 'fixtures', ...path));
const source = openFile(values.model);
const model = basename(values.model);
const engine = await openEngine(source, { threads: Number(values.threads) });
const seed = Number(values.seed);
const laboratory = {
  engine,
  seed,
  probes: (name: string) => parseProbes(read('probes', `${name}.json`), name),
  text: parseText(read('text.txt'), 'text.txt'),
};
mkdirSync(values.out, { recursive: true });
for (const experiment of chosen) {
  const { markdown, svg } = formatFindings(experiment, model, seed, await experiment.run(laboratory));
  await writeFileDurably(join(values.out, `${experiment.name}.md`), markdown);
  await writeFileDurably(join(values.out, `${experiment.name}.svg`), svg);
  console.log(markdown);
}
await engine.dispose();
source.close();
