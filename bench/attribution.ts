/**
 * Measures attribution: `node dist/bench/attribution.js [--probes calculus] [--threads 2] [--rows 500] [--seed 1]` on the
 * shipped model: what one pass back costs in evaluations, how many of the 32 best-scored rows really raise the objective when
 * flipped alone, and how scores rank among random rows and groups against the true change. With `--shape 8B [--sequences 60]
 * [--tokens 24] [--unit row]`: time and memory of one pass over a model of random bits of that shape.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { EffectUnit, Engine, Sequence } from '../src/engine/engine.js';
import { openEngine } from '../src/engine/open.js';
import { openFile } from '../src/gguf/source.js';
import type { Flip } from '../src/patch/flip.js';
import type { EffectSummary, PreparedFitness } from '../src/search/fitness.js';
import { answerFitness } from '../src/search/fitness/answer.js';
import { summarizeOwners } from '../src/search/fitness/summary.js';
import { parseProbes, type Probe } from '../src/search/probes.js';
import { seededRandom } from '../src/search/random.js';
import { multiplyAdds, shapes, writeRandomModel } from './random-model.js';

const { values } = parseArgs({
  options: {
    probes: { type: 'string', default: 'calculus' },
    threads: { type: 'string', default: '2' },
    rows: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    shape: { type: 'string' },
    sequences: { type: 'string', default: '60' },
    tokens: { type: 'string', default: '24' },
    unit: { type: 'string', default: 'row' },
  },
});

interface Scored {
  readonly flip: Flip;
  readonly score: number;
}

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const probesOf = (name: string): readonly Probe[] =>
  parseProbes(readFileSync(fixture(`probes/${name}.json`)), name).probes;
const random = seededRandom(Number(values.seed));
const draw = <T>(from: readonly T[], count: number): T[] =>
  Array.from({ length: count }, () => from[random.nextInt(from.length)]);

/** Milliseconds: the median of five runs of `run`, each after `before`. */
function time(before: () => void, run: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    before();
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[2];
}

function measureCost(engine: Engine, fitness: PreparedFitness): void {
  // Another row of the lowest matrix each time leaves nothing to be taken from an earlier evaluation.
  const flipped: Flip[] = [];
  const changeLowest = (): void => {
    const flip: Flip = { kind: 'row', tensor: 'blk.0.attn_q.weight', row: flipped.length };
    flipped.push(flip);
    engine.toggle([flip]);
  };
  const evaluation = time(changeLowest, () => fitness.evaluate());
  const whole = time(changeLowest, () => fitness.effects());
  const back = time(
    () => undefined,
    () => fitness.effects(),
  );
  const groups = time(changeLowest, () => fitness.summarizeEffects('group', () => undefined));
  engine.toggle(flipped);
  fitness.keep();
  const inEvaluations = (ms: number): string => `${ms.toFixed(0)} ms = ${(ms / evaluation).toFixed(2)} evaluations`;
  console.log(`${engine.threads} threads; one evaluation ${evaluation.toFixed(0)} ms`);
  console.log(`effects of all rows, from nothing: ${inEvaluations(whole)}`);
  console.log(`effects of all rows, of weights evaluated and kept before: ${inEvaluations(back)}`);
  console.log(`effects of all groups, from nothing: ${inEvaluations(groups)}`);
}

function scoresOf(fitness: PreparedFitness, unit: EffectUnit): Scored[] {
  const scored: Scored[] = [];
  fitness.summarizeEffects(unit, ({ tensor, group, mean, cost }: EffectSummary) =>
    mean.forEach((value, row) => {
      const flip: Flip = group === undefined ? { kind: 'row', tensor, row } : { kind: 'group', tensor, row, group };
      scored.push({ flip, score: value - (cost?.[row] ?? 0) });
    }),
  );
  return scored;
}

function measureTruth(engine: Engine, fitness: PreparedFitness, count: number): void {
  const start = fitness.evaluate().objective;
  const changeBy = (flip: Flip): number => {
    engine.toggle([flip]);
    const { objective } = fitness.evaluate();
    engine.toggle([flip]);
    return objective - start;
  };
  const compare = (name: string, scored: readonly Scored[]): void => {
    const best = [...scored].sort((a, b) => b.score - a.score).slice(0, 32);
    const improved = best.filter(({ flip }) => changeBy(flip) > 0).length;
    const sample = draw(scored, count);
    const rank = spearman(
      sample.map(({ score }) => score),
      sample.map(({ flip }) => changeBy(flip)),
    );
    console.log(
      `${name}: ${improved} of the 32 best raise the objective alone; ` +
        `rank correlation of score and true change over ${count} random ones ${rank.toFixed(2)}`,
    );
  };
  const rows = scoresOf(fitness, 'row');
  compare('rows of all matrices', rows);
  compare(
    'rows of gate and up',
    rows.filter(({ flip }) => /ffn_(gate|up)/.test(flip.tensor)),
  );
  compare('groups of all matrices', scoresOf(fitness, 'group'));
}

/** Spearman's rank correlation; equal values are as good as absent from such measurements, so ties get no mean rank. */
function spearman(a: readonly number[], b: readonly number[]): number {
  const ranks = (of: readonly number[]): number[] => {
    const result: number[] = [];
    of.map((value, index) => ({ value, index }))
      .sort((left, right) => left.value - right.value)
      .forEach(({ index }, rank) => (result[index] = rank));
    return result;
  };
  const [left, right] = [ranks(a), ranks(b)];
  const squares = left.reduce((sum, rank, i) => sum + (rank - right[i]) ** 2, 0);
  return 1 - (6 * squares) / (a.length * (a.length ** 2 - 1));
}

/** One pass over sequences of random tokens, the last third of each predicted, through a model of random bits. */
async function measureShape(shape: keyof typeof shapes, unit: EffectUnit): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bankai-attribution-'));
  try {
    const path = join(directory, 'random.gguf');
    writeRandomModel(path, shapes[shape], 1);
    const engine = await openEngine(openFile(path), { threads: Number(values.threads) });
    const loaded = process.resourceUsage().maxRSS;
    const length = Number(values.tokens);
    const ids = Array.from({ length: engine.config.vocabulary }, (_, id) => id);
    const sequences = Array.from({ length: Number(values.sequences) }, (): Sequence => ({
      tokens: draw(ids, length),
      from: length - Math.ceil(length / 3),
    }));
    const batch = engine.prepare(sequences);
    const start = performance.now();
    batch.keep();
    const kept = performance.now();
    let units = 0;
    let largest = 0;
    const visit = (effects: Parameters<typeof summarizeOwners>[0]): void => {
      const { mean, standardError } = summarizeOwners(effects);
      units += effects.rows;
      for (let row = 0; row < effects.rows; row++) largest = Math.max(largest, mean[row] - standardError[row]);
    };
    batch.visitAnswerEffects(Array(sequences.length).fill(1), unit, visit);
    const end = performance.now();
    const seconds = (end - start) / 1000;
    const extra = (process.resourceUsage().maxRSS - loaded) / 2 ** 20;
    const work = multiplyAdds(shapes[shape]).body * batch.tokenCount;
    console.log(`${shape}: ${sequences.length} sequences of ${length} tokens, ${engine.threads} threads`);
    console.log(`loaded: ${(loaded / 2 ** 20).toFixed(2)} GiB; beyond that, at the most: ${extra.toFixed(2)} GiB`);
    console.log(
      `forward ${((kept - start) / 1000).toFixed(0)} s ` +
        `(${(work / 1e6 / (kept - start)).toFixed(0)} billion multiply-adds a second), ` +
        `back ${((end - kept) / 1000).toFixed(0)} s; ${(batch.tokenCount / seconds).toFixed(1)} tokens a second in all`,
    );
    console.log(
      `effects of ${units} ${unit}s of ${sequences.length} probes; best lower bound ${largest.toPrecision(3)}`,
    );
    const eight = (seconds * engine.threads) / 8;
    console.log(
      `8 cores as fast as these, were all of it to scale with them: ${eight.toFixed(0)} s (seconds here · threads / 8)`,
    );
    await engine.dispose();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (values.shape !== undefined) {
  const shape = Object.keys(shapes).find((name) => name.toLowerCase() === values.shape?.toLowerCase());
  if (shape === undefined) throw new Error(`--shape must be one of ${Object.keys(shapes).join(', ')}`);
  await measureShape(shape as keyof typeof shapes, values.unit === 'group' ? 'group' : 'row');
} else {
  const engine = await openEngine(openFile(fixture('worksheet-5m-q1_0.gguf')), { threads: Number(values.threads) });
  const fitness = answerFitness().prepare(engine, probesOf(values.probes), probesOf('knowledge'));
  measureCost(engine, fitness);
  measureTruth(engine, fitness, Number(values.rows));
  fitness.dispose();
  await engine.dispose();
}
