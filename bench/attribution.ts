/**
 * Says whether attribution keeps its promises: `npm run bench:attribution -- [--probes calculus] [--threads 2] [--rows 500]
 * [--seed 1]` on the shipped model: that effects are the slopes of a float64 model, what one pass back costs in evaluations, how
 * many of the 32 best-scored rows really raise the objective when flipped alone, and how scores rank among random rows and
 * groups against the true change. With `--shape 8B [--sequences 60] [--tokens 24] [--unit row]`: time and memory of one
 * pass over a model of random bits of that shape. Exits with 1 when a bar is missed.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { EffectScope, Engine } from '../src/engine/engine.js';
import { openEngine } from '../src/engine/open.js';
import { bytesSource } from '../src/gguf/source.js';
import type { Flip } from '../src/patch/flip.js';
import type { PreparedFitness } from '../src/search/fitness.js';
import { parseProbes, type Probe } from '../src/search/probes.js';
import { seededRandom } from '../src/search/random.js';
import { recommendedFitness } from '../src/search/recommended.js';
import { compareSlopes } from '../test/engine/slopes.js';
import { measureShape } from './attribution/shape.js';
import { atLeast, atMost, type Bar, below, formatVerdict, isMissed, judge } from './quality/verdict.js';
import { shapes } from './random-model.js';

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

/** Holds a number against its bar, and says so. */
function hold(bar: Bar<number>, value: number): void {
  const verdict = judge(bar, [value]);
  console.log(`  ${formatVerdict(verdict)}`);
  if (isMissed(verdict)) process.exitCode = 1;
}

const itself = (value: number): number => value;

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

/** What the default ranking flips. */
const SEARCHED: EffectScope = { unit: 'group', includes: (tensor) => tensor.includes('.ffn_') };

/** Rounds in which everything that is timed takes its turn. */
const ROUNDS = 15;

/** Evaluations that are timed at once: as long as a pass back, for what is short is disturbed less often. */
const EVALUATIONS = 4;

/**
 * Times evaluations and passes back by turns, in processor time of all threads, which a busy machine hardly changes. What
 * counts is the least of each: other programs only add.
 */
function measureCost(engine: Engine, fitness: PreparedFitness): void {
  // Another row of the lowest matrix each time leaves nothing to be taken from an earlier evaluation.
  const flipped: Flip[] = [];
  const changeLowest = (): void => {
    const flip: Flip = { kind: 'row', tensor: 'blk.0.attn_q.weight', row: flipped.length };
    flipped.push(flip);
    engine.toggle([flip]);
  };
  const nothing = (): void => undefined;
  const score = (scope: EffectScope) => (): void => void scoresOf(engine, fitness, scope);
  const evaluate = (): void => {
    for (let i = 0; i < EVALUATIONS; i++) {
      changeLowest();
      fitness.evaluate();
    }
  };
  const timed = {
    evaluation: [nothing, evaluate],
    whole: [changeLowest, score({ unit: 'row' })],
    back: [nothing, score({ unit: 'row' })],
    groups: [changeLowest, score({ unit: 'group' })],
    searched: [nothing, score(SEARCHED)],
  } as const;
  const least: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, [before, run]] of Object.entries(timed)) {
      before();
      const start = process.cpuUsage();
      run();
      const { user, system } = process.cpuUsage(start);
      least[name] = Math.min(least[name] ?? Infinity, (user + system) / 1000);
    }
  }
  least.evaluation /= EVALUATIONS;
  engine.toggle(flipped);
  fitness.evaluate();
  fitness.keep();
  const tokens = engine.tokensEvaluated;
  score(SEARCHED)();
  const counted = (engine.tokensEvaluated - tokens) / fitness.tokenCount;
  const inEvaluations = (name: string): number => least[name] / least.evaluation;
  const say = (what: string, name: string): void =>
    console.log(`${what}: ${least[name].toFixed(0)} ms = ${inEvaluations(name).toFixed(2)} evaluations`);
  console.log(
    `${engine.threads} threads; one evaluation ${least.evaluation.toFixed(0)} ms of processor time (least of ${ROUNDS}, by turns)`,
  );
  say('effects of all rows, from nothing', 'whole');
  say('effects of all rows, of weights evaluated and kept before', 'back');
  say('effects of all groups, from nothing', 'groups');
  say("what a search asks for by default, the MLPs' groups, where it stands", 'searched');
  console.log(`a search counts that as ${counted.toFixed(2)} evaluations, by products of matrices alone`);
  hold(atMost('evaluations for all rows, from nothing', 4, itself), inEvaluations('whole'));
  hold(atMost('evaluations for all rows, where a search stands', 4, itself), inEvaluations('back'));
}

function measureSlopes(engine: Engine, count: number): void {
  const slopes = compareSlopes({ engine, model, probes: probesOf('arithmetic'), count, seed: Number(values.seed) });
  const within = slopes.filter(({ error }) => error < 1).length;
  const strictly = slopes.filter(({ effect, slope }) => Math.abs(effect - slope) <= 0.01 * Math.abs(slope)).length;
  console.log(
    `finite differences in float64: ${within} of ${count} random rows within 1 % and 10⁻⁵ of the tensor's largest effect, ` +
      `${strictly} within 1 % alone`,
  );
  hold(atLeast('rows with the right slope', count, itself), within);
}

/** Mean effects over the probes less `z` standard errors and the cost, of each unit alone: what the search ranks by. */
function scoresOf(engine: Engine, fitness: PreparedFitness, scope: EffectScope, z = 0): Scored[] {
  const scored: Scored[] = [];
  const response = fitness.respond(fitness.start.perProbe);
  fitness.visitEffects(scope, (effects) => {
    const { tensor, group, cost } = effects;
    const { mean, standardError } = engine.withEffects(effects, (sumUp) => sumUp(response, fitness.strata));
    mean.forEach((value, row) => {
      const flip: Flip = group === undefined ? { kind: 'row', tensor, row } : { kind: 'group', tensor, row, group };
      scored.push({ flip, score: value - z * standardError[row] - (cost?.[row] ?? 0) });
    });
  });
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
  const improving = (scored: readonly Scored[]): number =>
    [...scored]
      .sort((a, b) => b.score - a.score)
      .slice(0, BEST)
      .filter(({ flip }) => changeBy(flip) > 0).length;
  const correlation = (scored: readonly Scored[]): string => {
    const sample = draw(scored, count);
    const rank = spearman(
      sample.map(({ score }) => score),
      sample.map(({ flip }) => changeBy(flip)),
    );
    return `rank correlation with the true change of ${count} random flips ${rank.toFixed(2)}`;
  };
  const best = improving(scoresOf(engine, fitness, { unit: 'row' }, STANDARD_ERRORS));
  console.log(`rows by the search's own bound: ${best} of the ${BEST} best raise the objective alone`);
  hold(atLeast('% of them', 90, itself), (100 * best) / BEST);
  const rows = scoresOf(engine, fitness, { unit: 'row' });
  console.log(`rows by mean effect: ${improving(rows)} of the ${BEST} best; ${correlation(rows)}`);
  const groups = scoresOf(engine, fitness, { unit: 'group' });
  console.log(`groups by mean effect: ${improving(groups)} of the ${BEST} best; ${correlation(groups)}`);
}

/** Standard errors that `lower-bound` takes off unless told otherwise. */
const STANDARD_ERRORS = 3;

/** Best-scored units that are flipped for real. */
const BEST = 32;

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

const model = new Uint8Array(readFileSync(fixture('worksheet-5m-q1_0.gguf')));
if (values.shape !== undefined) {
  const shape = Object.keys(shapes).find((name) => name.toLowerCase() === values.shape?.toLowerCase());
  if (shape === undefined) throw new Error(`--shape must be one of ${Object.keys(shapes).join(', ')}`);
  const { lines, beyondGib } = await measureShape({
    ...{ shape: shape as keyof typeof shapes, threads: Number(values.threads), random },
    ...{ sequences: Number(values.sequences), tokens: Number(values.tokens) },
    unit: values.unit === 'group' ? 'group' : 'row',
  });
  lines.forEach((line) => console.log(line));
  hold(below('GiB beyond the weights', 3e9 / 2 ** 30, itself), beyondGib);
} else {
  const engine = await openEngine(bytesSource(model), { threads: Number(values.threads) });
  measureSlopes(engine, Number(values.rows));
  const probes = probesOf(values.probes);
  const fitness = recommendedFitness().prepare(engine, probes, probesOf('knowledge'));
  measureCost(engine, fitness);
  measureTruth(engine, fitness, Number(values.rows));
  fitness.dispose();
  await engine.dispose();
}
