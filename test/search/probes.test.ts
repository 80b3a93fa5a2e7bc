import { describe, expect, test } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import type { FormatError } from '../../src/errors.js';
import { joinProbes, parseProbes } from '../../src/search/probes.js';
import { fixture } from '../paths.js';

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const probe = { prompt: '2 + 2 =', correct: ' 4' };

test('probes of several sets are joined in order, each marked with its set', () => {
  const set = (name: string, ...prompts: string[]) => ({
    name,
    sha256: name.repeat(64),
    probes: prompts.map((prompt) => ({ prompt, correct: ' 1' })),
  });
  expect(joinProbes([set('a', 'x', 'y'), set('b', 'x')]).map(({ prompt, set }) => [prompt, set?.[0]])).toEqual([
    ['x', 'a'],
    ['y', 'a'],
    ['x', 'b'],
  ]);
});

describe('probe files', () => {
  test('that ship with the project are read', () => {
    for (const file of readdirSync(fixture('probes'))) {
      const set = parseProbes(readFileSync(fixture('probes', file)), file);
      expect(set.probes.length).toBeGreaterThanOrEqual(30);
      expect(set.name).toBe(file);
    }
  });

  test('are arrays, or objects with an array', () => {
    expect(parseProbes(bytes([probe]), 'a').probes).toEqual([probe]);
    expect(parseProbes(bytes({ title: 'sums', probes: [probe] }), 'a').probes).toEqual([probe]);
  });

  test('keep the fields of a probe and drop what is not known', () => {
    const whole = { ...probe, wrong: ' 5', name: 'sum', category: 'add', alternates: [' four'] };
    expect(parseProbes(bytes([{ ...whole, correct_id: 19, baseline: { gap: 0.5 } }]), 'a').probes).toEqual([whole]);
  });

  test('are identified by the digest of their bytes', () => {
    expect(parseProbes(bytes('[{"prompt":"a","correct":"b"}]'), 'a').sha256).toBe(
      '0252e27c386f49f48fc693c030b1549529409a21ba6db558f414cd45ab11a424',
    );
  });

  test.each([
    ['not JSON', '[{'],
    ['neither array nor object', 3],
    ['an object without probes', { prompts: [] }],
    ['empty', []],
    ['without prompt', [{ correct: ' 4' }]],
    ['with an empty prompt', [{ prompt: '', correct: ' 4' }]],
    ['with a blank answer', [{ prompt: 'a', correct: ' ' }]],
    ['with a number as answer', [{ prompt: 'a', correct: 4 }]],
    ['with an answer beyond the limit', [{ prompt: 'a', correct: 'x'.repeat(4097) }]],
    ['with alternates that are no list', [{ ...probe, alternates: ' four' }]],
  ])('are refused when %s', async (_, content) => {
    await expect(() => parseProbes(bytes(content), 'broken.json')).toFailWithCode('PROBES_INVALID');
  });

  test('are refused when not UTF-8', async () => {
    await expect(() => parseProbes(Uint8Array.of(0x5b, 0xff, 0x5d), 'broken.json')).toFailWithCode('PROBES_INVALID');
  });

  test('are refused with the place of the fault and a hint', () => {
    try {
      parseProbes(bytes({ probes: [probe, { prompt: 'a' }] }), 'broken.json');
      throw new Error('nothing was thrown');
    } catch (error) {
      expect(error).toBeErrorWithCode('PROBES_INVALID');
      expect((error as FormatError).message).toContain('"broken.json": /probes/1');
      expect((error as FormatError).hint).toContain('docs/FORMAT.md');
    }
  });
});
