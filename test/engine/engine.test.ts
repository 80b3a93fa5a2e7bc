import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Engine, Sequence } from '../../src/engine/engine.js';
import { openEngine } from '../../src/engine/open.js';
import { groupByteOffset, rowByteRange } from '../../src/gguf/q1-0.js';
import { readGguf } from '../../src/gguf/read.js';
import { bytesSource } from '../../src/gguf/source.js';
import type { Flip } from '../../src/patch/flip.js';
import { fixture, fixtureModel } from '../paths.js';

interface ProbeFile {
  prompt: string;
  correct: string;
  wrong: string;
}
const bytes = new Uint8Array(readFileSync(fixtureModel));
const probes = JSON.parse(readFileSync(fixture('probes', 'calculus.json'), 'utf8')) as ProbeFile[];
const row: Flip = { kind: 'row', tensor: 'blk.3.ffn_up.weight', row: 17 };
const group: Flip = { kind: 'group', tensor: 'blk.2.ffn_down.weight', row: 5, group: 3 };
const scaleBit: Flip = { kind: 'scale-bit', tensor: 'blk.4.attn_v.weight', row: 9, group: 1, bit: 9 };
const flips = [row, group, scaleBit];

const open = (options = {}, model = bytes): Promise<Engine> => openEngine(bytesSource(model), options);

function sequences(engine: Engine, count: number): Sequence[] {
  return probes.slice(0, count).flatMap(({ prompt, correct, wrong }) =>
    [correct, wrong].map((answer) => {
      const from = engine.tokenizer.encode(prompt).length;
      return { tokens: [...engine.tokenizer.encode(prompt), ...engine.tokenizer.encode(answer)], from };
    }),
  );
}
function score(engine: Engine, batch: readonly Sequence[]): number[][] {
  const prepared = engine.prepare(batch);
  const result = prepared.logProbabilities().map((values) => [...values]);
  prepared.dispose();
  return result;
}

describe('openEngine', () => {
  let engine: Engine;
  beforeAll(async () => (engine = await open()));
  afterAll(() => engine.dispose());

  test('computes what the plain oracle computes', async () => {
    const oracle = await open({ backend: 'plain' });
    const batch = sequences(engine, 1);
    const expected = score(oracle, batch).flat();
    score(engine, batch)
      .flat()
      .forEach((value, i) => expect(value).toBeCloseTo(expected[i], 3));
    await oracle.dispose();
  });

  test('gives the same bits for any number of threads', async () => {
    const batch = sequences(engine, 12);
    const expected = score(engine, batch);
    for (const threads of [2, 3]) {
      const other = await open({ threads });
      expect(score(other, batch)).toEqual(expected);
      await other.dispose();
    }
  });

  test('gives a sequence the same bits alone and in any company', () => {
    const batch = sequences(engine, 10);
    const together = score(engine, batch);
    batch.forEach((sequence, i) => expect(score(engine, [sequence])).toEqual([together[i]]));
    expect(score(engine, [...batch].reverse())).toEqual([...together].reverse());
  });

  test('undoes flips exactly, in any order', () => {
    const batch = sequences(engine, 6);
    const before = score(engine, batch);
    engine.toggle(flips);
    expect(score(engine, batch)).not.toEqual(before);
    for (const flip of [...flips].reverse()) engine.toggle([flip]);
    expect(score(engine, batch)).toEqual(before);
  });

  test.each(flips)('flips in memory as in the file: $kind', async (flip) => {
    const edited = bytes.slice();
    const tensor = readGguf(bytesSource(bytes)).tensor(flip.tensor);
    const invert = (block: number): void => {
      for (let i = 2; i < 18; i++) edited[block + i] ^= 0xff;
    };
    if (flip.kind === 'row') {
      const { byteOffset, byteLength } = rowByteRange(tensor, flip.row);
      for (let block = byteOffset; block < byteOffset + byteLength; block += 18) invert(block);
    } else {
      const block = groupByteOffset(tensor, flip.row, flip.group);
      if (flip.kind === 'group') invert(block);
      else edited[block + (flip.bit >> 3)] ^= 1 << (flip.bit & 7);
    }
    const other = await open({}, edited);
    const batch = sequences(engine, 4);
    engine.toggle([flip]);
    expect(score(other, batch)).toEqual(score(engine, batch));
    engine.toggle([flip]);
    await other.dispose();
  });

  test('checks all flips before it changes a bit', async () => {
    const batch = sequences(engine, 2);
    const before = score(engine, batch);
    await expect(() => engine.toggle([row, { ...row, row: 768 }])).toFailWithCode('ROW_OUT_OF_RANGE');
    await expect(() => engine.toggle([group, { ...group, group: 6 }])).toFailWithCode('ROW_OUT_OF_RANGE');
    await expect(() => engine.toggle([row, { ...row, tensor: 'blk.9.ffn_up.weight' }])).toFailWithCode(
      'TENSOR_UNKNOWN',
    );
    expect(score(engine, batch)).toEqual(before);
  });

  test('re-evaluates from the lowest flipped layer with the same bits', () => {
    const batch = sequences(engine, 8);
    const prepared = engine.prepare(batch);
    prepared.keep();
    const values = (): number[][] => prepared.logProbabilities().map((v) => [...v]);
    expect(values()).toEqual(score(engine, batch));
    for (const toggled of [[scaleBit], [row], [scaleBit, group], [row]]) {
      engine.toggle(toggled);
      expect(values()).toEqual(score(engine, batch));
      prepared.keep();
    }
    engine.toggle(flips);
    const before = engine.tokensEvaluated;
    engine.toggle(flips);
    prepared.logProbabilities();
    expect(engine.tokensEvaluated).toBe(before);
    engine.toggle([group]);
    prepared.dispose();
  });

  test('keeps what it has just evaluated without computing it again, and nothing that was taken back', () => {
    const batch = sequences(engine, 8);
    const prepared = engine.prepare(batch);
    prepared.keep();
    const values = (): number[][] => prepared.logProbabilities().map((v) => [...v]);
    const spent = (run: () => unknown): number => {
      const before = engine.tokensEvaluated;
      run();
      return engine.tokensEvaluated - before;
    };
    engine.toggle([row, group]);
    const whole = spent(values);
    expect(whole).toBeGreaterThan(0);
    engine.toggle([row, group]);
    expect(spent(() => prepared.keep())).toBe(0);
    engine.toggle([row, group]);
    expect(spent(() => expect(values()).toEqual(score(engine, batch)))).toBeGreaterThan(whole);
    expect(spent(() => prepared.keep())).toBe(0);
    expect(spent(() => expect(values()).toEqual(score(engine, batch)))).toBe(prepared.tokenCount);
    engine.toggle([row, group]);
    expect(values()).toEqual(score(engine, batch));
    prepared.dispose();
  });

  test('generates what teacher forcing predicts', () => {
    const prompts = probes.slice(0, 12).map(({ prompt }) => engine.tokenizer.encode(prompt));
    const answers = engine.generate(prompts, { maximumTokens: 12 });
    const batch = prompts.map((prompt, i) => ({ tokens: [...prompt, ...answers[i]], from: prompt.length }));
    expect(
      engine
        .prepare(batch)
        .predictions()
        .map((ids) => [...ids]),
    ).toEqual(answers);
  });

  test('generates the same whatever other prompts are there', () => {
    const text = engine.tokenizer.encode('The capital of Austria is Vienna\nThe capital of France is');
    const prompts = [...text.map((_, i) => text.slice(0, i + 1)), text];
    const alone = prompts.map((prompt) => engine.generate([prompt], { maximumTokens: 12 })[0]);
    expect(engine.generate(prompts, { maximumTokens: 12 })).toEqual(alone);
    expect(engine.generate([...prompts].reverse(), { maximumTokens: 12 })).toEqual(alone.reverse());
  });

  test('ends an answer where asked to', () => {
    const prompts = probes.slice(0, 5).map(({ prompt }) => engine.tokenizer.encode(prompt));
    const stopped = engine.generate(prompts, { maximumTokens: 12, stop: (ids) => ids.length === 3 });
    expect(stopped).toEqual(engine.generate(prompts, { maximumTokens: 12 }).map((ids) => ids.slice(0, 3)));
  });

  test('answers facts as trained', () => {
    const prompt = 'The capital of Austria is';
    const [ids] = engine.generate([engine.tokenizer.encode(prompt)], { maximumTokens: 12 });
    expect(engine.tokenizer.decode(ids)).toMatch(/^ Vienna/);
  });

  test('measures divergence as the definition says', () => {
    const prompt = engine.tokenizer.encode(probes[0].prompt);
    const prepared = engine.prepare([{ tokens: [...prompt, 1], from: prompt.length }]);
    prepared.setReference();
    expect(prepared.divergence()[0][0]).toBe(0);
    const distribution = (): number[] => {
      const logits = [...engine.lastLogits([prompt])[0]];
      const top = Math.max(...logits);
      const sum = Math.log(logits.reduce((total, logit) => total + Math.exp(logit - top), 0)) + top;
      return logits.map((logit) => logit - sum);
    };
    const p = distribution();
    engine.toggle(flips);
    const q = distribution();
    const expected = p.reduce((total, value, i) => total + Math.exp(value) * (value - q[i]), 0);
    expect(expected).toBeGreaterThan(0);
    expect(prepared.divergence()[0][0]).toBeCloseTo(expected, 5);
    engine.toggle(flips);
  });

  test('refuses a text longer than the context', async () => {
    const tokens = Array.from({ length: 513 }, () => 1);
    await expect(() => engine.prepare([{ tokens, from: 1 }])).toFailWithCode('CONTEXT_TOO_LONG');
    await expect(() => engine.generate([tokens], { maximumTokens: 1 })).toFailWithCode('CONTEXT_TOO_LONG');
    await expect(() => engine.generate([[]], { maximumTokens: 1 })).toFailWithCode('CONTEXT_TOO_LONG');
  });

  test('reports the present scale of every group', () => {
    const tensor = 'blk.0.ffn_up.weight';
    const before = engine.scales(tensor);
    expect(before).toHaveLength(2 * 768);
    expect(Math.min(...before)).toBeGreaterThan(0);
    const flip: Flip = { kind: 'scale-bit', tensor, row: 5, group: 1, bit: 9 };
    engine.toggle([flip]);
    const changed = [...engine.scales(tensor).entries()].filter(([index, scale]) => scale !== before[index]);
    engine.toggle([flip]);
    expect(changed.map(([index]) => index)).toEqual([768 + 5]);
    expect(engine.scales(tensor)).toEqual(before);
    expect(engine.scales(tensor, 9)[768 + 5]).toBe(changed[0][1]);
  });
});
