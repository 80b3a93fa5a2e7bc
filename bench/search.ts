/**
 * Searches on the shipped model with settings as they are asked for, all combinations of lists, and counts what that does
 * to problems that the search did not see: `node dist/bench/search.js [--probes calculus] [--z 1.5,2] [--doubt 0.1,0.2]
 * [--lookahead 0,16384] [--unit row|group|scale-bit] [--bits 10] [--step 256] [--held-back 0] [--bytes 1024] [--folds 0]
 * [--strategy guided|greedy] [--iterations 300] [--seed 1]`.
 *
 * They are the held-out problems; with `--folds 3` those of the probes themselves that a fold leaves out, a third of each
 * category, so that settings can be compared without the held-out files.
 */
import { parseArgs } from 'node:util';
import { openEngine } from '../src/engine/open.js';
import { bytesSource } from '../src/gguf/source.js';
import type { Flip } from '../src/patch/flip.js';
import { answerProbes, compareAnswers } from '../src/search/evaluate.js';
import { answerFitness, type AnswerSettings } from '../src/search/fitness/answer.js';
import { lowerBound } from '../src/search/ranking.js';
import { recommendedFitness } from '../src/search/recommended.js';
import { greedy } from '../src/search/strategies/greedy.js';
import { guided } from '../src/search/strategies/guided.js';
import { under } from '../experiments/laboratory.js';
import { foldsOf } from './quality/folds.js';
import { modelBytes, probesOf, setOf } from './quality/model.js';

const { values } = parseArgs({
  options: {
    probes: { type: 'string', default: 'calculus' },
    strategy: { type: 'string', default: 'guided' },
    iterations: { type: 'string' },
    step: { type: 'string', default: '256' },
    z: { type: 'string', default: '2' },
    doubt: { type: 'string', default: '0.2' },
    lookahead: { type: 'string', default: '0' },
    unit: { type: 'string', default: 'scale-bit' },
    bits: { type: 'string', default: '10' },
    bytes: { type: 'string', default: '1024' },
    'held-back': { type: 'string', default: '0' },
    folds: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
  },
});

const numbers = (list: string): number[] => list.split(',').map(Number);

const engine = await openEngine(bytesSource(modelBytes()), { threads: Number(values.threads) });
const seed = Number(values.seed);
const probes = setOf(values.probes);
const heldOut = `${values.probes.replace(/-large$/, '')}-heldout`;
const splits =
  Number(values.folds) > 0
    ? foldsOf(probes, Number(values.folds), seed)
    : [{ searched: probes, asked: probesOf(heldOut) }];
const others = [`${heldOut.startsWith('calculus') ? 'arithmetic' : 'calculus'}-heldout`, 'knowledge'];

const choices = numbers(values.z).flatMap((z) =>
  numbers(values.doubt).flatMap((doubt) => numbers(values.lookahead).map((lookahead) => ({ z, doubt, lookahead }))),
);
for (const { z, doubt, lookahead } of choices) {
  const strategy =
    values.strategy === 'greedy'
      ? greedy()
      : guided({
          ranking: lowerBound({ unit: values.unit as Flip['kind'], bits: numbers(values.bits), z, lookahead }),
          ...{ step: Number(values.step), depth: 2, leastGain: 0.02 },
          ...{ mostBytes: Number(values.bytes), heldBack: Number(values['held-back']) },
        });
  const fitness = answerFitness({ ...(recommendedFitness().settings as Partial<AnswerSettings>), doubt });
  for (const { searched, asked } of splits) {
    const controls = probesOf('knowledge');
    const budget = values.iterations === undefined ? {} : { iterations: Number(values.iterations) };
    const found = await strategy.search({ engine, probes: searched.probes, controls, fitness, seed, budget });
    const changes: string[] = [];
    for (const set of [asked, ...others.map(probesOf)]) {
      const before = await answerProbes(engine, set);
      const after = await under(engine, found.flips, () => answerProbes(engine, set));
      const { rightBefore, rightAfter, fixed, broke } = compareAnswers(set, before, after);
      changes.push(`${rightBefore} to ${rightAfter} of ${set.length} (+${fixed} −${broke})`);
    }
    console.log(
      `z ${z}, doubt ${doubt}, lookahead ${lookahead}, ${searched.probes.length} probes: ${found.flips.length} flips, ` +
        `${found.evaluations.toFixed(0)} evaluations, ${(found.elapsedMs / 1000).toFixed(1)} s, ${found.stoppedBy}; ` +
        `asked ${changes[0]}; ${others.map((name, i) => `${name} ${changes[i + 1]}`).join('; ')}`,
    );
  }
}
await engine.dispose();
