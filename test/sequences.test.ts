/** A few random sequences of our commands and plain git's against the model of sets: `npm run bench:sequences` runs many. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { drawSteps, runSteps, shrink } from '../bench/sequences/sequence.js';
import { mergedSet, newSets, threeWay } from '../bench/sequences/sets.js';
import type { Step } from '../bench/sequences/steps.js';
import { makeTemplate, type Template } from '../bench/sequences/world.js';
import { temporaryDirectory } from './paths.js';

let room = '';
let template: Template;

beforeAll(async () => {
  room = temporaryDirectory();
  template = await makeTemplate(room);
});

test.each(Array.from({ length: 20 }, (_, i) => i + 1))('sequence %i leads where the sets lead', async (seed) => {
  const { done, fault } = await runSteps(template, room, drawSteps(seed, 14));
  expect(fault).toBeUndefined();
  expect(done).toBeGreaterThan(5);
});

describe('the comparison', () => {
  test('sees a model that is not what it should be, and shrinks to the steps that matter', async () => {
    // A patch that flips other bytes than it is said to.
    const patches = template.patches.map((patch, k) =>
      k === 3 ? { ...patch, flipped: patch.flipped.slice(1) } : patch,
    );
    const wrong = { ...template, patches };
    const steps: Step[] = [
      { kind: 'import', a: 0, b: 1 },
      { kind: 'gitTag', a: 1, b: 1 },
      { kind: 'import', a: 3, b: 1 },
      { kind: 'sync', a: 0, b: 0 },
    ];
    expect((await runSteps(wrong, room, steps)).fault).toEqual({ step: 2, what: "import: the model's bytes" });
    expect(await shrink(wrong, room, steps)).toEqual([steps[2]]);
  });

  test('judges by sets: what one side changed since the base wins', () => {
    expect(threeWay(0b0011, 0b0101, 0b0110)).toBe(0b0100);
    const sets = newSets();
    sets.commits.push({ parents: [0], set: 0b01, time: 1 }, { parents: [0], set: 0b10, time: 2 });
    expect(mergedSet(sets, [1], 0b01, 2)).toBe(0b11);
  });
});
