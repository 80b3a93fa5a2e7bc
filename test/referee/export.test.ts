import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEngine } from '../../src/engine/open.js';
import { type Gguf, readGguf } from '../../src/gguf/read.js';
import { bytesSource } from '../../src/gguf/source.js';
import type { Flip } from '../../src/patch/flip.js';
import type { WeightsId } from '../../src/patch/ids.js';
import { createPatch, encodePatch, patchId } from '../../src/patch/patch.js';
import { checkout } from '../../src/workflows/checkout.js';
import { exportModel } from '../../src/workflows/export.js';
import { importFile } from '../../src/workflows/import.js';
import { init } from '../../src/workflows/init.js';
import { tryPrompt } from '../../src/workflows/try.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { compareWithReferee, summarizeAgreement, TEXT_TOKENS, TIE } from './agreement.js';
import { openReferee, type Referee } from './llama.js';
import { refereePrompts } from './prompts.js';

/** Three hundred rows all over the model, and one flip each of the finer kinds. */
const flips: Flip[] = [
  ...Array.from({ length: 300 }, (_, i): Flip => {
    const tensor = `blk.${i % 6}.${i % 2 === 0 ? 'ffn_gate' : 'ffn_up'}.weight`;
    return { kind: 'row', tensor, row: (i * 131 + 7) % 768 };
  }),
  { kind: 'group', tensor: 'blk.2.ffn_down.weight', row: 17, group: 5 },
  { kind: 'scale-bit', tensor: 'blk.3.attn_q.weight', row: 250, group: 1, bit: 9 },
];

/** Mostly exercises: there the model wavers, and a patch tells. */
const { exercises, ...others } = refereePrompts();
const prompts = [
  ...exercises.filter((_, i) => i % 16 === 0),
  ...Object.values(others).flatMap((kind) => kind.slice(0, 4)),
];

/** XORs the flips into a model, straight from the definition of Q1_0: 18 bytes a block, the scale's 2 first. */
function flipBytes(bytes: Uint8Array, gguf: Gguf): void {
  for (const flip of flips) {
    const { byteOffset, dims } = gguf.tensor(flip.tensor);
    const groups = dims[0] / 128;
    for (let group = 0; group < groups; group++) {
      if (flip.kind !== 'row' && flip.group !== group) continue;
      const block = byteOffset + (flip.row * groups + group) * 18;
      if (flip.kind === 'scale-bit') bytes[block + (flip.bit >> 3)] ^= 1 << (flip.bit & 7);
      else for (let i = 2; i < 18; i++) bytes[block + i] ^= 0xff;
    }
  }
}

describe('an exported model', () => {
  const place = temporaryDirectory();
  const repository = join(place, 'repository');
  const path = join(place, 'exported.gguf');
  const base = readFileSync(fixtureModel);
  let weightsId: string;
  let patch: string;
  let bytes: Uint8Array;
  let referee: Referee;

  beforeAll(async () => {
    const made = await init({ directory: repository, model: fixtureModel, inPlace: false });
    weightsId = made.base.weightsId;
    const calc = createPatch(weightsId as WeightsId, flips);
    patch = patchId(calc);
    await importFile(
      repository,
      { name: 'calc.json', bytes: encodePatch(calc), branch: 'calc' },
      {
        keyDirectory: join(place, 'keys'),
        identity: { name: 'Ada Lovelace', email: 'ada@example.org' },
        time: new Date('2026-01-02T03:04:05Z'),
        version: '1.2.3',
      },
    );
    await checkout(repository, 'base');
    await exportModel(repository, { stack: 'calc', path, overwrite: false, version: '1.2.3' });
    bytes = readFileSync(path);
    referee = await openReferee(path);
  });

  afterAll(() => referee.dispose());

  test('differs from the base in the flipped bits alone', () => {
    const before = readGguf(bytesSource(base));
    const after = readGguf(bytesSource(bytes));
    const expected = Uint8Array.from(base);
    flipBytes(expected, before);
    expect(Buffer.compare(bytes.subarray(after.dataOffset), expected.subarray(before.dataOffset))).toBe(0);
    const layout = ({ tensors, dataOffset }: Gguf) =>
      tensors.map((tensor) => ({ ...tensor, byteOffset: tensor.byteOffset - dataOffset }));
    expect(layout(after)).toEqual(layout(before));
  });

  test('says what it is made of and keeps all else that the base says', () => {
    const before = readGguf(bytesSource(base)).metadata;
    const after = readGguf(bytesSource(bytes)).metadata;
    const name = before.text('general.name');
    expect(after.text('general.name')).toBe(`${name} + calc`);
    expect(after.uint('general.base_model.count')).toBe(1);
    expect(after.text('general.base_model.0.name')).toBe(name);
    expect(after.uint('bankai.format')).toBe(1);
    expect(after.text('bankai.version')).toBe('1.2.3');
    expect(after.text('bankai.base')).toBe(weightsId);
    expect(after.text('bankai.stack')).toBe('calc');
    expect(after.texts('bankai.patches')).toEqual([patch]);
    const others = before.entries.filter(({ key }) => key !== 'general.name');
    expect(after.entries).toEqual(expect.arrayContaining(others));
  });

  test('answers in llama.cpp as it does when tried', async () => {
    const engine = await openEngine(bytesSource(bytes));
    const comparisons = await compareWithReferee(engine, referee, prompts);
    await engine.dispose();
    let changed = 0;
    for (const { prompt, texts } of comparisons) {
      const request = { prompt, stack: 'calc', tokens: TEXT_TOKENS, wholeText: false, threads: 1 };
      const { base: before, patched } = await tryPrompt(repository, request);
      expect({ prompt, answer: texts[0] }).toEqual({ prompt, answer: patched });
      if (patched !== before) changed++;
    }
    const { prompts: count, sameTexts, largestPartingMargin } = summarizeAgreement(comparisons);
    expect(count).toBeGreaterThanOrEqual(40);
    expect(changed).toBeGreaterThan(10);
    expect(sameTexts / count).toBeGreaterThanOrEqual(0.95);
    expect(largestPartingMargin).toBeLessThanOrEqual(TIE);
  });

  test('is what a checkout makes of the working model under a running llama.cpp', async () => {
    const running = await openReferee(join(repository, 'working.gguf'));
    const [prompt] = prompts;
    try {
      const original = await running.nextLogProbabilities(prompt);
      await checkout(repository, 'calc');
      const patched = await running.nextLogProbabilities(prompt);
      expect(patched).not.toEqual(original);
      expect(patched).toEqual(await referee.nextLogProbabilities(prompt));
      await checkout(repository, 'base');
      expect(await running.nextLogProbabilities(prompt)).toEqual(original);
    } finally {
      await running.dispose();
    }
  });
});
