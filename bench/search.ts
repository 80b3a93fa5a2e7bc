/**
 * Searches on the shipped model and counts what that does on held-out problems: `node dist/bench/search.js
 * [--probes calculus] [--strategy guided|greedy] [--iterations 300] [--unit row|group|scale-bit] [--bits 9,8] [--step 8]
 * [--z 3] [--bytes 1024] [--held-back 0.25] [--patience 8] [--seed 1]`.
 */
import { parseArgs } from 'node:util';
import { openEngine } from '../src/engine/open.js';
import { openFile } from '../src/gguf/source.js';
import type { Flip } from '../src/patch/flip.js';
import { answerProbes, compareAnswers } from '../src/search/evaluate.js';
import { recommendedFitness } from '../src/search/recommended.js';
import { parseProbes, type Probe } from '../src/search/probes.js';
import { lowerBound } from '../src/search/ranking.js';
import { greedy } from '../src/search/strategies/greedy.js';
import { guided } from '../src/search/strategies/guided.js';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { values } = parseArgs({
  options: {
    probes: { type: 'string', default: 'calculus' },
    strategy: { type: 'string', default: 'guided' },
    iterations: { type: 'string', default: '300' },
    step: { type: 'string', default: '8' },
    z: { type: 'string', default: '3' },
    unit: { type: 'string', default: 'row' },
    bits: { type: 'string', default: '9,8' },
    bytes: { type: 'string', default: '1024' },
    'held-back': { type: 'string', default: '0' },
    patience: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
  },
});

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const probesOf = (name: string): readonly Probe[] =>
  parseProbes(readFileSync(fixture(`probes/${name}.json`)), name).probes;

const engine = await openEngine(openFile(fixture('worksheet-5m-q1_0.gguf')), { threads: Number(values.threads) });
const probes = probesOf(values.probes);
const controls = probesOf('knowledge');
const judged = ['calculus-heldout', 'arithmetic-heldout', 'knowledge'];
const before = new Map<string, Awaited<ReturnType<typeof answerProbes>>>();
for (const name of judged) before.set(name, await answerProbes(engine, probesOf(name)));

const strategy =
  values.strategy === 'greedy'
    ? greedy()
    : guided({
        ranking: lowerBound({
          unit: values.unit as Flip['kind'],
          bits: values.bits.split(',').map(Number),
          z: Number(values.z),
        }),
        step: Number(values.step),
        mostBytes: Number(values.bytes),
        heldBack: Number(values['held-back']),
        patience: Number(values.patience),
      });
const budget = { iterations: Number(values.iterations) };
const problem = { engine, probes, controls, fitness: recommendedFitness(), seed: Number(values.seed), budget };
const result = await strategy.search(problem);
console.log(
  `${strategy.name} on ${values.probes} (${probes.length}): ${result.flips.length} flips, ` +
    `${result.evaluations.toFixed(0)} evaluations, ${(result.elapsedMs / 1000).toFixed(1)} s, ${result.stoppedBy}; ` +
    `objective ${result.objectiveBefore.toFixed(3)} to ${result.objectiveAfter.toFixed(3)}`,
);
engine.toggle(result.flips);
for (const name of judged) {
  const answers = await answerProbes(engine, probesOf(name));
  const { rightBefore, rightAfter, fixed, broke, p } = compareAnswers(probesOf(name), before.get(name) ?? [], answers);
  console.log(
    `${name}: ${rightBefore} to ${rightAfter} right, ${fixed} fixed, ${broke} broke, p = ${p.toPrecision(2)}`,
  );
}
await engine.dispose();
