import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Engine } from '../../src/engine/engine.js';
import { openEngine } from '../../src/engine/open.js';
import { bytesSource } from '../../src/gguf/source.js';
import type { Flip } from '../../src/patch/flip.js';
import { measureText, parseText, TEXT_FILE_LIMIT } from '../../src/search/texts.js';
import { fixture, fixtureModel } from '../paths.js';
import { favouring, smallEngine } from './small-engine.js';

const textOf = (content: string) => parseText(Buffer.from(content), 'text.txt');

describe('reading a text', () => {
  test('cuts it into documents at empty lines, and leaves line breaks within them alone', () => {
    expect(textOf('\none\ntwo\n\n\n \nthree  \r\n\r\n  four\n').documents).toEqual(['one\ntwo', 'three  ', '  four']);
    expect(textOf('a').sha256).toBe('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
  });

  test('the one that ships has 120 documents', () => {
    expect(parseText(readFileSync(fixture('text.txt')), 'text.txt').documents).toHaveLength(120);
  });

  test.each<[string, Uint8Array]>([
    ['nothing', Buffer.from('')],
    ['empty lines', Buffer.from('\n\n \n')],
    ['bytes that are no UTF-8', Buffer.from([0x61, 0xff])],
    ['too much', Buffer.alloc(TEXT_FILE_LIMIT + 1, 0x61)],
  ])('refuses %s', async (_what, bytes) => {
    await expect(() => parseText(bytes, 'text.txt')).toFailWithCode('TEXT_INVALID');
  });
});

const flip: Flip = { kind: 'row', tensor: 'blk.0.ffn_up.weight', row: 0 };

/** The log-probabilities (vocabulary) of what follows a text, from its logits. */
function distributionAfter(engine: Engine, context: string): number[] {
  const [logits] = engine.lastLogits([engine.tokenizer.encode(context)]);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
  return [...logits].map((logit) => logit - Math.log(sum));
}

describe('measuring a text', () => {
  const text = textOf('aba\n\nab\n\na');

  test('gives the perplexities of both states and their divergence, and restores the engine', async () => {
    const engine = smallEngine({ 'blk.0.ffn_up.weight:0': favouring(['aba'], 2) });
    const predicted = [
      ['a', 'b'],
      ['ab', 'a'],
      ['a', 'b'],
    ].map(([context, next]) => {
      const before = distributionAfter(engine, context);
      engine.toggle([flip]);
      const after = distributionAfter(engine, context);
      engine.toggle([flip]);
      const divergence = before.reduce((sum, log, token) => sum + Math.exp(log) * (log - after[token]), 0);
      const token = next.charCodeAt(0);
      return { before: before[token], after: after[token], divergence };
    });
    const mean = (key: 'before' | 'after' | 'divergence') => predicted.reduce((sum, row) => sum + row[key], 0) / 3;
    expect(await measureText(engine, text, [flip])).toEqual({
      tokens: 3,
      perplexityBefore: expect.closeTo(Math.exp(-mean('before')), 3),
      perplexityAfter: expect.closeTo(Math.exp(-mean('after')), 3),
      divergence: expect.closeTo(mean('divergence'), 5),
    });
    expect(mean('divergence')).toBeGreaterThan(0.001);
    expect([engine.flipped.size, engine.openBatches()]).toEqual([0, 0]);
  });

  test('without flips both states are one', async () => {
    const { perplexityBefore, perplexityAfter, divergence } = await measureText(smallEngine(), text, []);
    expect([perplexityAfter, divergence]).toEqual([perplexityBefore, 0]);
  });

  test('cuts a document that is longer than the context', async () => {
    const engine = smallEngine();
    const short = { ...engine, config: { ...engine.config, contextLength: 8 } };
    // Parts of 8, 8 and 4 tokens, of which the first of each is not predicted.
    expect((await measureText(short, textOf('a'.repeat(20)), [])).tokens).toBe(17);
  });

  test('says that a text without two tokens cannot be measured', async () => {
    await expect(measureText(smallEngine(), textOf('a\n\nb'), [])).toFailWithCode('TEXT_INVALID');
  });

  test('ends when it is interrupted, with the engine as it was', async () => {
    const engine = smallEngine({ 'blk.0.ffn_up.weight:0': favouring(['a'], 1) });
    const measuring = measureText(engine, text, [flip], { signal: AbortSignal.abort() });
    await expect(measuring).toFailWithCode('INTERRUPTED');
    expect([engine.flipped.size, engine.openBatches()]).toEqual([0, 0]);
  });

  test('on the model that ships depends on neither threads nor progress', async () => {
    const documents = parseText(readFileSync(fixture('text.txt')), 'text.txt').documents.slice(0, 20);
    const measure = async (threads: number) => {
      const engine = await openEngine(bytesSource(readFileSync(fixtureModel)), { threads });
      const flips: Flip[] = [{ kind: 'row', tensor: 'blk.1.ffn_up.weight', row: 3 }];
      const measured = await measureText(engine, { name: 'some', sha256: '', documents }, flips);
      await engine.dispose();
      return measured;
    };
    const alone = await measure(1);
    expect(alone.perplexityBefore).toBeGreaterThan(1);
    expect(alone.divergence).toBeGreaterThan(0);
    expect(await measure(2)).toEqual(alone);
  });
});
