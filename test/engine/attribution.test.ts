/** The effects of rows and groups against a float64 model, moved a little, and against PyTorch's autograd. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Engine, RowEffects, Sequence, UnitEffects } from '../../src/engine/engine.js';
import { openEngine } from '../../src/engine/open.js';
import { bytesSource } from '../../src/gguf/source.js';
import { parseProbes } from '../../src/search/probes.js';
import { fixture, fixtureModel } from '../paths.js';
import { compareSlopes, PROJECTIONS, sizeOf } from './slopes.js';

const bytes = new Uint8Array(readFileSync(fixtureModel));
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine(bytesSource(bytes), { threads: 1 });
});
afterAll(() => engine.dispose());

function effectsOfRows(sequences: readonly Sequence[]): RowEffects {
  const batch = engine.prepare(sequences);
  const effects = batch.answerEffects(sequences.map(() => 1));
  batch.dispose();
  return effects;
}

test('random rows of all layers and kinds have the slope of moving their outputs, within 1 %', () => {
  const { probes } = parseProbes(readFileSync(fixture('probes', 'arithmetic.json')), 'arithmetic.json');
  const count = 3 * engine.config.layers * PROJECTIONS.length;
  const slopes = compareSlopes({ engine, model: bytes, probes, count, seed: 4 });
  expect(slopes).toHaveLength(count);
  expect(new Set(slopes.map(({ tensor }) => tensor)).size).toBe(engine.config.layers * PROJECTIONS.length);
  expect(slopes.filter(({ slope }) => slope !== 0).length).toBeGreaterThan(0.98 * count);
  expect(slopes.filter(({ error }) => !(error < 1))).toEqual([]);
});

interface Reference {
  sequences: Sequence[];
  logProbabilities: number[];
  inverted: { tensor: string; row: number }[];
  rows: { tensor: string; row: number; answer: number[]; divergence: number }[];
  groups: { tensor: string; row: number; group: number; answer: number[] }[];
}

describe('against PyTorch in float64 (fixtures/recipe/attribution_reference.py)', () => {
  const reference = JSON.parse(readFileSync(fixture('attribution-reference.json'), 'utf8')) as Reference;
  const { sequences, rows, groups } = reference;
  /** Within a thousandth of the number itself and what float32 may lose among a tensor's largest. */
  const agrees = (actual: number, expected: number, size: number): boolean =>
    Math.abs(actual - expected) < 1e-3 * Math.abs(expected) + 1e-5 * size;

  test('the answers are as likely', () => {
    const batch = engine.prepare(sequences);
    const sums = batch.logProbabilities().map((answer) => answer.reduce((sum, value) => sum + value, 0));
    batch.dispose();
    sums.forEach((sum, s) => expect(sum).toBeCloseTo(reference.logProbabilities[s], 4));
  });

  test('rows of all layers and kinds have the same effect on each answer', () => {
    const { byTensor } = effectsOfRows(sequences);
    expect(new Set(rows.map(({ tensor }) => tensor)).size).toBe(engine.config.layers * PROJECTIONS.length);
    for (const { tensor, row, answer } of rows) {
      const effects = byTensor.get(tensor) as Float32Array;
      const count = effects.length / sequences.length;
      const wrong = answer.filter((expected, s) => !agrees(effects[s * count + row], expected, sizeOf(effects)));
      expect({ tensor, row, wrong }).toEqual({ tensor, row, wrong: [] });
    }
  });

  test('rows have the same effect on the divergence from another model', () => {
    const batch = engine.prepare(sequences);
    const flips = reference.inverted.map(({ tensor, row }) => ({ kind: 'row' as const, tensor, row }));
    engine.toggle(flips);
    batch.setReference();
    engine.toggle(flips);
    const { byTensor } = batch.divergenceEffects(1);
    batch.dispose();
    for (const { tensor, row, divergence } of rows) {
      const effects = byTensor.get(tensor) as Float32Array;
      const right = agrees(effects[row], divergence, sizeOf(effects));
      expect({ tensor, row, right, is: effects[row], divergence }).toMatchObject({ right: true });
    }
  });

  test('groups of all layers and kinds have the same effect, and those of a row add up to the row', () => {
    const byGroup = new Map<string, UnitEffects>();
    const batch = engine.prepare(sequences);
    const weights = sequences.map(() => 1);
    batch.visitAnswerEffects(weights, { unit: 'group' }, (effects) =>
      byGroup.set(`${effects.tensor} ${effects.group}`, effects),
    );
    const { byTensor } = batch.answerEffects(weights);
    batch.dispose();
    for (const { tensor, row, group, answer } of groups) {
      const { values, rows: count } = byGroup.get(`${tensor} ${group}`) as UnitEffects;
      const wrong = answer.filter((expected, s) => !agrees(values[s * count + row], expected, sizeOf(values)));
      expect({ tensor, row, group, wrong }).toEqual({ tensor, row, group, wrong: [] });
    }
    for (const { name, rows: count, columns } of engine.tensors.filter(({ layer }) => layer !== undefined)) {
      // Groups of a gate row have the linear part of its effect only: its sum is not what inverting the row does.
      if (name.includes('ffn_gate')) continue;
      const whole = byTensor.get(name) as Float32Array;
      const parts = Array.from({ length: columns / 128 }, (_, group) => byGroup.get(`${name} ${group}`)?.values);
      const size = sizeOf(whole);
      for (let i = 0; i < sequences.length * count; i += 17) {
        const sum = parts.reduce((total, values) => total + (values?.[i] ?? NaN), 0);
        expect(Math.abs(sum - whole[i])).toBeLessThan(1e-4 * size);
      }
    }
  });
});
