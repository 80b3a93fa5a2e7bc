import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { EffectScope, Engine, Sequence, UnitEffects } from '../../src/engine/engine.js';
import { openEngine } from '../../src/engine/open.js';
import { readGguf } from '../../src/gguf/read.js';
import { groupByteOffset } from '../../src/gguf/q1-0.js';
import { bytesSource } from '../../src/gguf/source.js';
import { encodeHalf, decodeHalf } from '../../src/gguf/half.js';
import { fixture, fixtureModel } from '../paths.js';

const bytes = new Uint8Array(readFileSync(fixtureModel));
const gguf = readGguf(bytesSource(bytes));
const probes = JSON.parse(readFileSync(fixture('probes', 'calculus.json'), 'utf8')) as {
  prompt: string;
  correct: string;
}[];
const open = (model: Uint8Array, threads = 1): Promise<Engine> => openEngine(bytesSource(model), { threads });

function sequencesOf(engine: Engine, count: number): Sequence[] {
  return probes.slice(0, count).map(({ prompt, correct }) => {
    const from = engine.tokenizer.encode(prompt).length;
    return { tokens: [...engine.tokenizer.encode(prompt), ...engine.tokenizer.encode(correct)], from };
  });
}

/** log p of each sequence's predicted tokens. */
function likelihoods(engine: Engine, sequences: readonly Sequence[]): number[] {
  const batch = engine.prepare(sequences);
  const sums = batch.logProbabilities().map((values) => values.reduce((sum, value) => sum + value, 0));
  batch.dispose();
  return sums;
}

/** The model with the scales of one row multiplied by a factor: its output moves by (factor − 1) of itself. */
function withScaledRow(tensorName: string, row: number, factor: number): Uint8Array {
  const model = bytes.slice();
  const tensor = gguf.tensor(tensorName);
  const view = new DataView(model.buffer);
  for (let group = 0; group < tensor.dims[0] / 128; group++) {
    const at = groupByteOffset(tensor, row, group);
    view.setUint16(at, encodeHalf(decodeHalf(view.getUint16(at, true)) * factor), true);
  }
  return model;
}

describe('row effects', () => {
  let engine: Engine;
  let sequences: Sequence[];
  beforeAll(async () => {
    engine = await open(bytes);
    sequences = sequencesOf(engine, 12);
  });
  afterAll(() => engine.dispose());

  test.each(['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_up', 'ffn_down'])(
    'are the slopes along which rows of %s move',
    async (projection) => {
      const name = `blk.2.${projection}.weight`;
      const batch = engine.prepare(sequences);
      const effects = batch.answerEffects(sequences.map(() => 1)).byTensor.get(name) as Float32Array;
      batch.dispose();
      const rows = effects.length / sequences.length;
      const total = (row: number): number => sequences.reduce((sum, _, s) => sum + effects[s * rows + row], 0);
      // The rows of the greatest effect: those that stand out most from the rounding of a float32 forward pass.
      const strongest = Array.from({ length: rows }, (_, row) => row).sort(
        (a, b) => Math.abs(total(b)) - Math.abs(total(a)),
      );
      for (const row of strongest.slice(0, 3)) {
        // Scales are fp16, so a factor is met to one part in 2,000 only: the step must be large against that.
        const step = 1 / 16;
        const [more, less] = await Promise.all(
          [1 + step, 1 - step].map(async (factor) => {
            const moved = await open(withScaledRow(name, row, factor));
            const values = likelihoods(moved, sequences);
            await moved.dispose();
            return values.reduce((sum, value) => sum + value, 0);
          }),
        );
        // Inverting the row moves its output by −2 of itself.
        const slope = (-2 * (more - less)) / (2 * step);
        expect(Math.abs(slope - total(row))).toBeLessThan(0.03 * Math.abs(slope) + 1e-3);
      }
    },
  );

  test('of gate rows promise what flipping the best of them brings', () => {
    const batch = engine.prepare(sequences);
    const { byTensor } = batch.answerEffects(sequences.map(() => 1));
    batch.dispose();
    const before = likelihoods(engine, sequences).reduce((sum, value) => sum + value, 0);
    const candidates = engine.tensors
      .filter(({ name }) => /ffn_(gate|up)/.test(name))
      .flatMap(({ name, rows }) => {
        const effects = byTensor.get(name) as Float32Array;
        return Array.from({ length: rows }, (_, row) => {
          const total = sequences.reduce((sum, __, s) => sum + effects[s * rows + row], 0);
          return { flip: { kind: 'row' as const, tensor: name, row }, total };
        });
      })
      .sort((a, b) => b.total - a.total)
      .slice(0, 32);
    const improved = candidates.filter(({ flip }) => {
      engine.toggle([flip]);
      const after = likelihoods(engine, sequences).reduce((sum, value) => sum + value, 0);
      engine.toggle([flip]);
      return after > before;
    });
    expect(improved.length).toBeGreaterThanOrEqual(29);
  });

  test('are the same bits for any number of threads, and each sequence has its own', async () => {
    const effectsOf = (engine: Engine, chosen: readonly Sequence[]) => {
      const batch = engine.prepare(chosen);
      const { byTensor, owners } = batch.answerEffects(chosen.map(() => 1));
      batch.dispose();
      expect(owners).toBe(chosen.length);
      return byTensor;
    };
    const all = effectsOf(engine, sequences);
    const other = await open(bytes, 3);
    expect(effectsOf(other, sequences)).toEqual(all);
    await other.dispose();
    const alone = effectsOf(engine, [sequences[4]]);
    for (const [tensor, values] of alone) {
      const rows = values.length;
      const own = all.get(tensor)?.subarray(4 * rows, 5 * rows);
      // Sums over tokens start at another lane of a tile, so they may round differently.
      values.forEach((value, row) =>
        expect(Math.abs(value - (own?.[row] ?? NaN))).toBeLessThan(1e-4 + 1e-3 * Math.abs(value)),
      );
    }
  });

  describe('in scope', () => {
    /** Effects in scope, by tensor and group, and the work that they took beside the evaluation, by distinct token. */
    function effectsIn(scope: EffectScope) {
      const batch = engine.prepare(sequences);
      batch.keep();
      const before = engine.tokensEvaluated;
      const found = new Map<string, Float32Array>();
      const weights = sequences.map(() => 1);
      const visit = ({ tensor, group, values }: UnitEffects) => found.set(`${tensor} ${group ?? ''}`, values);
      batch.visitAnswerEffects(weights, scope, visit);
      const work = (engine.tokensEvaluated - before) / batch.tokenCount;
      batch.dispose();
      return { found, work };
    }

    test.each<[string, EffectScope['unit'], string[]]>([
      ['a matrix of one layer alone', 'group', ['blk.3.ffn_up']],
      [
        'the MLPs',
        'group',
        [...Array(6).keys()].flatMap((i) => ['gate', 'up', 'down'].map((p) => `blk.${i}.ffn_${p}`)),
      ],
      ['what is before and after attention', 'row', ['blk.2.attn_k', 'blk.4.attn_output', 'blk.5.ffn_down']],
    ])('are those of %s, to the bit, for less work', (_, unit, names) => {
      const wanted = new Set(names.map((name) => `${name}.weight`));
      const all = effectsIn({ unit });
      const some = effectsIn({ unit, includes: (tensor) => wanted.has(tensor) });
      const expected = [...all.found].filter(([place]) => wanted.has(place.split(' ')[0]));
      expect(some.found).toEqual(new Map(expected));
      expect(new Set([...some.found.keys()].map((place) => place.split(' ')[0]))).toEqual(wanted);
      expect(some.work).toBeLessThan(all.work);
    });

    test('are none where nothing is, for no work', () => {
      expect(effectsIn({ unit: 'row', includes: (tensor) => tensor.startsWith('output') })).toEqual({
        ...{ found: new Map(), work: 0 },
      });
    });

    test('take at most three products of every matrix for each token that has a gradient', () => {
      const { work } = effectsIn({ unit: 'group' });
      const tokens = sequences.reduce((count, { tokens }) => count + tokens.length - 1, 0);
      const batch = engine.prepare(sequences);
      const most = (3 * tokens) / batch.tokenCount;
      batch.dispose();
      expect(work).toBeLessThan(most);
      expect(work).toBeGreaterThan(0.5 * most);
    });
  });

  test('of divergence vanish where nothing has moved, and oppose what has', () => {
    const texts = sequences.slice(0, 4).map(({ tokens }) => ({ tokens, from: 1 }));
    const batch = engine.prepare(texts);
    batch.setReference();
    const largest = (effects: Float32Array): number =>
      effects.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const row = { kind: 'row' as const, tensor: 'blk.1.ffn_up.weight', row: 40 };
    expect(largest(batch.divergenceEffects(1).byTensor.get(row.tensor) as Float32Array)).toBeLessThan(1e-4);
    const flips = Array.from({ length: 24 }, (_, i) => ({ ...row, row: 30 * i }));
    engine.toggle(flips);
    const effects = batch.divergenceEffects(1).byTensor.get(row.tensor) as Float32Array;
    // The flips that moved the model would, taken back together, bring it closer again.
    expect(flips.reduce((sum, flip) => sum + effects[flip.row], 0)).toBeGreaterThan(0.01);
    engine.toggle(flips);
    batch.dispose();
  });
});
