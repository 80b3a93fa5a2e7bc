/** A search that is continued from any part of its tape takes the steps of one that never ended, and computes only the rest. */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Engine } from '../../src/engine/engine.js';
import { openEngine } from '../../src/engine/open.js';
import { bytesSource } from '../../src/gguf/source.js';
import { pack, unpack } from '../../src/search/checkpoint/pack.js';
import type { TapeEntry } from '../../src/search/checkpoint/tape.js';
import { tapeSearch } from '../../src/search/checkpoint/taped.js';
import { answerFitness } from '../../src/search/fitness/answer.js';
import { parseProbes } from '../../src/search/probes.js';
import { lowerBound, type Ranking } from '../../src/search/ranking.js';
import { greedy } from '../../src/search/strategies/greedy.js';
import { guided } from '../../src/search/strategies/guided.js';
import type { SearchProblem, Strategy } from '../../src/search/strategy.js';
import { fixture, fixtureModel } from '../paths.js';
import { favouring, letterProbes, smallEngine, type RowEffect } from './small-engine.js';

const probes = letterProbes(8);
const right = probes.map(({ prompt, correct }) => prompt + correct);

/** Rows that help some of the probes. */
function planted() {
  const effects: Record<string, RowEffect> = {};
  for (let row = 0; row < 8; row++) {
    effects[`blk.${row % 3}.ffn_up.weight:${row}`] = favouring(right.slice(row), 0.5 + row / 8);
  }
  return smallEngine(effects);
}

const strategies: readonly (readonly [string, (taped: (ranking: Ranking) => Ranking) => Strategy])[] = [
  ['greedy', () => greedy()],
  ['guided', (taped) => guided({ ranking: taped(lowerBound({ z: 1 })), step: 4, heldBack: 0.25 })],
  ['guided, without a taped ranking', () => guided({ ranking: lowerBound({ z: 1 }), step: 2, heldBack: 0.25 })],
];

const problemOf = (engine: Engine, changes: Partial<SearchProblem> = {}): SearchProblem => ({
  ...{ engine, probes, controls: [{ prompt: 'sky:', correct: 'blue' }], fitness: answerFitness() },
  ...{ seed: 3, budget: { iterations: 16 }, now: () => 0 },
  ...changes,
});

/** As they come back from a file. */
const stored = (entries: readonly TapeEntry[]): TapeEntry[] => JSON.parse(JSON.stringify(entries)) as TapeEntry[];

describe.each(strategies)('%s', (name, make) => {
  /** What is not taped is computed again, and that is not the search's own work. */
  const isTaped = !name.includes('without');

  async function run(recorded: readonly TapeEntry[], changes: Partial<SearchProblem> = {}) {
    const engine = planted();
    const taped = tapeSearch(problemOf(engine, changes), stored(recorded), () => undefined);
    const result = await make(taped.ranking).search(taped.problem);
    expect([engine.flipped.size, engine.openBatches()]).toEqual([0, 0]);
    return { result, entries: taped.tape.entries, work: engine.tokensEvaluated };
  }
  const plain = (changes: Partial<SearchProblem> = {}) =>
    make((ranking) => ranking).search(problemOf(planted(), changes));

  test('is the same with a tape under it', async () => {
    const { result, entries } = await run([]);
    expect(result).toEqual(await plain());
    expect(result.accepted).toBeGreaterThan(1);
    expect(entries.length).toBeGreaterThan(6);
  });

  test('comes to the same result and tape from wherever it is continued', async () => {
    const whole = await run([]);
    const work: number[] = [];
    const stride = Math.max(2, Math.ceil(whole.entries.length / 16));
    for (let count = 0; count <= whole.entries.length; count += stride) {
      const continued = await run(whole.entries.slice(0, count));
      expect(continued.result).toEqual({ ...whole.result, evaluations: expect.any(Number) });
      if (isTaped) expect(continued.result.evaluations).toBeCloseTo(whole.result.evaluations, 9);
      if (isTaped) expect(continued.entries).toEqual(whole.entries);
      work.push(continued.work);
    }
    // Continued from its end it computes little but the reference.
    if (isTaped) expect(work[work.length - 1]).toBeLessThan(work[0] / 2);
  });

  test('leaves a recorded path that its budget does not take', async () => {
    const { entries } = await run([]);
    for (const budget of [{ iterations: 16, flips: 2 }, { iterations: 3 }, { iterations: 20 }]) {
      const expected = await plain({ budget });
      expect((await run(entries, { budget })).result).toEqual({ ...expected, evaluations: expect.any(Number) });
    }
  });

  test('believes no tape of other probes', async () => {
    const { entries } = await run([]);
    const changes = { probes: letterProbes(10) };
    const expected = await plain(changes);
    expect((await run(entries, changes)).result).toEqual({ ...expected, evaluations: expect.any(Number) });
  });
});

test('a budget in seconds counts those of the recorded part', async () => {
  let time = 0;
  const now = () => (time += 10);
  const budget = { seconds: 1 };
  const first = tapeSearch(problemOf(planted(), { now, budget: { iterations: 5 } }), [], () => undefined);
  await greedy().search(first.problem);
  const spent = first.tape.entries.at(-1)?.ms ?? 0;
  expect(spent).toBeGreaterThan(50);
  const second = tapeSearch(problemOf(planted(), { now, budget }), first.tape.entries, () => undefined);
  const result = await greedy().search(second.problem);
  expect(result.stoppedBy).toBe('time');
  expect(result.elapsedMs).toBeGreaterThanOrEqual(1000);
  expect(result.elapsedMs).toBeLessThan(1000 + spent);
});

test('on the shipped model, work is counted as if the search had never ended', async () => {
  const read = (file: string) => parseProbes(readFileSync(fixture('probes', file)), file).probes;
  const engine = await openEngine(bytesSource(readFileSync(fixtureModel)), { threads: 2 });
  const problem = problemOf(engine, {
    probes: read('calculus.json').slice(0, 16),
    controls: [],
    budget: { iterations: 8 },
  });
  try {
    for (const make of [
      (taped: (ranking: Ranking) => Ranking) => guided({ ranking: taped(lowerBound()), heldBack: 0.25 }),
      () => greedy(),
    ]) {
      const run = async (recorded: readonly TapeEntry[]) => {
        const taped = tapeSearch(problem, stored(recorded), () => undefined);
        const result = await make(taped.ranking).search(taped.problem);
        return { result, entries: taped.tape.entries };
      };
      const whole = await run([]);
      expect(whole.result.accepted).toBeGreaterThan(0);
      const accepted = whole.entries.findIndex(({ call }) => call === 'keep');
      expect(accepted).toBeGreaterThan(0);
      // Once between an evaluation and the keeping of what was evaluated, too.
      for (const end of [accepted, ...[0.4, 0.8, 1].map((part) => Math.floor(part * whole.entries.length))]) {
        const continued = await run(whole.entries.slice(0, end));
        expect(continued.result).toEqual({ ...whole.result, evaluations: continued.result.evaluations });
        expect(continued.result.evaluations).toBeCloseTo(whole.result.evaluations, 9);
      }
    }
  } finally {
    await engine.dispose();
  }
});

test('results come back to the last bit', () => {
  const values = {
    a: 0.1 + 0.2,
    b: -0,
    c: Infinity,
    d: NaN,
    e: Float64Array.of(1 / 3, -0, NaN),
    f: [[1], []],
    g: 'x',
    h: true,
  };
  expect(unpack(JSON.parse(JSON.stringify(pack(values))))).toStrictEqual(values);
  expect(unpack(pack(undefined))).toBeUndefined();
  expect(unpack(pack({ a: undefined }))).toStrictEqual({});
  expect(() => pack(new Map())).toThrow(TypeError);
});
