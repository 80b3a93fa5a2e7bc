import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shapes, writeRandomModel } from '../../bench/random-model.js';
import { createTokenizer, type Tokenizer } from '../../src/engine/tokenizer.js';
import { readGguf } from '../../src/gguf/read.js';
import { openFile } from '../../src/gguf/source.js';
import { fixture, fixtureModel, temporaryDirectory } from '../paths.js';
import { openReferee, type Referee } from './llama.js';

function tokenizerOf(path: string): Tokenizer {
  const source = openFile(path);
  try {
    return createTokenizer(readGguf(source).metadata);
  } finally {
    source.close();
  }
}

/** Every prompt and answer of the probe sets, and every line of the text. */
function fixtureTexts(): string[] {
  const probes = readdirSync(fixture('probes')).flatMap(
    (name) => JSON.parse(readFileSync(fixture('probes', name), 'utf8')) as Record<string, string>[],
  );
  const answers = probes.flatMap(({ prompt, correct, wrong }) => [prompt, correct, wrong, prompt + correct]);
  return [...new Set([...answers, ...readFileSync(fixture('text.txt'), 'utf8').split('\n')])];
}

/** What goes wrong in tokenizers: classes of characters, spaces at ends, contractions, lookahead, control tokens. */
const torture = [
  ...[
    '',
    ' ',
    '  ',
    '   ',
    '\n',
    '\n\n',
    ' \n',
    '\n ',
    '\r\n',
    ' \r\n \r\n x',
    '\t',
    '\t\tx',
    'a\tb',
    '\u00a0x',
    'x \u3000 y',
  ],
  ...[
    '\u0085',
    ' \u0085x',
    '\ufeff',
    '\ufeffx',
    ' \ufeff \ufeff',
    '\u200b',
    '\u2028',
    'a\u2029b',
    '\u180e',
    '\x1c\x1d\x1e\x1f',
  ],
  ...[
    "don't",
    "DON'T",
    "we'LL we'lL",
    "I'Ve 'ReX",
    "'s't'm'd",
    "''s",
    "x'\u017f",
    "'\u017f",
    'it\u2019s',
    "'sx",
    "' s",
  ],
  ...[
    '123',
    '1 2',
    'a1b2',
    '\u0661\u0662\u0663',
    '\u00bd\u00b2',
    '\u2167',
    '\u4e00\u4e8c',
    '3.14e-10',
    '0x1F',
    '1,000,000',
  ],
  ...[
    '中文字符',
    '日本語のテキスト',
    '한국어',
    'ไทย',
    'עברית',
    'العربية \u200f123',
    'हिन्दी',
    'e\u0301',
    '\u0301',
    ' \u0301a',
    'ﬁ',
    '\u212b',
  ],
  ...['😀', '👨‍👩‍👧‍👦', '🏳️‍🌈x', '🇩🇪 🇫🇷', '𝒳𝒴', '\ud800', 'a\udc00b', '\udfff\ud800', '\u0000', '\x7f', '\uffff', '\u{10ffff}'],
  ...[
    '...',
    ' ...\n\n',
    '!?\r\n\n x',
    ' (a)',
    '$x$',
    '#!/bin/sh\n',
    'x=1;\n\n\n  y',
    '   leading',
    'trailing   ',
    'a  b   c',
  ],
  ...[
    '<|endoftext|>',
    'x<|endoftext|>y',
    '<|im_start|>',
    '<|endoftext',
    '<think>',
    'a'.repeat(3000),
    'the '.repeat(500),
  ],
  ...[
    ' '.repeat(300),
    '\n'.repeat(100),
    'ab'.repeat(700),
    '\ufffd',
    'Ġthe',
    'Āā',
    'don t',
    '_a',
    '-1',
    '(-x)^2',
    "f'(x) =",
  ],
];

describe('the tokenizer and llama.cpp', () => {
  const random = join(temporaryDirectory(), 'random.gguf');
  const models: { path: string; ours: Tokenizer; theirs: Referee }[] = [];

  beforeAll(async () => {
    // Merges of every pair of bytes: what falls to single bytes in the small fixture vocabulary is merged here.
    writeRandomModel(random, { ...shapes.tiny, vocabulary: 70_000 }, 1);
    for (const path of [fixtureModel, random]) {
      models.push({ path, ours: tokenizerOf(path), theirs: await openReferee(path) });
    }
  });

  afterAll(async () => {
    for (const { theirs } of models) await theirs.dispose();
  });

  const expectSame = (text: string) => {
    for (const { ours, theirs } of models) {
      const ids = ours.encode(text);
      expect({ text, ids }).toEqual({ text, ids: theirs.tokenize(text) });
    }
  };

  test('agree on every fixture text', () => {
    const texts = fixtureTexts();
    expect(texts.length).toBeGreaterThan(500);
    texts.forEach(expectSame);
  });

  test('agree on difficult texts', () => {
    torture.forEach(expectSame);
  });

  test('agree on every pair of characters that matter to the splitting', () => {
    const characters = [..." \n\r\tsT'aé1½中!\u0301\u0085\u00a0😀"];
    for (const a of characters) for (const b of characters) for (const c of ' a1!\n') expectSame(a + b + c + a);
  });

  test('agree on random texts', () => {
    const unit = fc.oneof(
      fc.constantFrom(...torture.filter((text) => text.length < 50)),
      fc.string({ unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 8 }), (parts) => expectSame(parts.join(''))),
      { numRuns: 500 },
    );
  });

  test('agree on the text of ids', () => {
    for (const { ours, theirs } of models) {
      for (const text of torture.filter((candidate) => candidate !== '' && candidate.length < 50)) {
        const ids = [...ours.encode(text), ours.endOfText as number];
        expect(ours.decode(ids)).toBe(text.replace(/\p{Surrogate}/gu, '\ufffd'));
        expect(ours.decode(ids)).toBe(theirs.detokenize(ids));
      }
    }
  });
});
