/** Pruning, on an engine whose flips do what the test planted. */
import { describe, expect, test } from '@jest/globals';
import type { Flip } from '../../src/patch/flip.js';
import { answerFitness } from '../../src/search/fitness/answer.js';
import { prune } from '../../src/search/prune.js';
import { favouring, letterProbes, smallEngine } from './small-engine.js';

const probes = letterProbes(6);
const right = probes.map(({ prompt, correct }) => prompt + correct);
const row = (index: number): Flip => ({ kind: 'row', tensor: 'blk.0.ffn_up.weight', row: index });
const key = (index: number) => `blk.0.ffn_up.weight:${index}`;
const flips = [row(1), row(2), row(3), row(4)];

/** Row 1 helps, row 2 harms, row 3 does nothing, row 4 helps some. */
function planted() {
  const engine = smallEngine({
    [key(1)]: favouring(right, 3),
    [key(2)]: favouring(right, -2),
    [key(4)]: favouring(right.slice(0, 2), 0.5),
  });
  engine.toggle(flips);
  return engine;
}

const problem = (engine = planted()) => ({
  engine,
  flips,
  probes,
  controls: [],
  fitness: answerFitness({ divergenceWeight: 0 }),
});

describe('pruning', () => {
  test('drops what harms and what does nothing, keeps what helps, and leaves the engine as it was', async () => {
    const engine = planted();
    const before = [...engine.flipped];
    const { kept, dropped, objectiveBefore, objectiveAfter } = await prune(problem(engine));
    expect([kept, dropped]).toEqual([
      [row(1), row(4)],
      [row(2), row(3)],
    ]);
    expect(objectiveAfter).toBeGreaterThan(objectiveBefore);
    expect([...engine.flipped].sort()).toEqual(before.sort());
    expect(engine.openBatches()).toBe(0);
  });

  test('drops what adds less than it must', async () => {
    const { kept } = await prune({ ...problem(), minimumGain: 0.6 });
    expect(kept).toEqual([row(1)]);
  });

  test('keeps what it is told to keep', async () => {
    const engine = planted();
    const { dropped } = await prune({ ...problem(engine), allows: async () => engine.flipped.has(key(3)) });
    expect(dropped).toEqual([row(2)]);
  });

  test('keeps one of two flips that do the same', async () => {
    // Each is worth nothing while the other is there.
    const either = favouring(right, 3);
    const twins = smallEngine({}, (context, token) =>
      twins.flipped.has(key(1)) || twins.flipped.has(key(2)) ? either(context, token) : 0,
    );
    twins.toggle([row(1), row(2)]);
    const { kept } = await prune({ ...problem(twins), flips: [row(1), row(2)] });
    expect(kept).toEqual([row(2)]);
  });

  test('puts everything back after Ctrl-C', async () => {
    const engine = planted();
    const stop = new AbortController();
    const before = [...engine.flipped].sort();
    const pruning = prune({
      ...problem(engine),
      signal: stop.signal,
      onProgress: ({ dropped }) => dropped > 0 && stop.abort(),
    });
    await expect(pruning).toFailWithCode('INTERRUPTED');
    expect([...engine.flipped].sort()).toEqual(before);
    expect(engine.openBatches()).toBe(0);
  });
});
