import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createTokenizer } from '../../src/engine/tokenizer.js';
import { symbolOfByte } from '../../src/engine/tokenizer/byte-symbols.js';
import { mergeWord } from '../../src/engine/tokenizer/merge.js';
import { splitWords } from '../../src/engine/tokenizer/split.js';
import { Metadata, type MetadataEntry, metadataEntry } from '../../src/gguf/metadata.js';
import { readGguf } from '../../src/gguf/read.js';
import { openFile } from '../../src/gguf/source.js';
import { fixtureModel } from '../paths.js';

const bytes = [...symbolOfByte];

/** An array of i32. */
function kinds(values: readonly number[]): MetadataEntry {
  const data = Buffer.alloc(12 + values.length * 4);
  data.writeUInt32LE(5, 0);
  data.writeUInt32LE(values.length, 4);
  values.forEach((value, i) => data.writeInt32LE(value, 12 + i * 4));
  return { key: 'tokenizer.ggml.token_type', type: 'array', bytes: data };
}

function metadata(tokens: readonly string[], merges: readonly string[], extra: MetadataEntry[] = []): Metadata {
  const entries = [
    metadataEntry('tokenizer.ggml.model', 'string', 'gpt2'),
    metadataEntry('tokenizer.ggml.pre', 'string', 'qwen2'),
    metadataEntry('tokenizer.ggml.tokens', 'strings', tokens),
    metadataEntry('tokenizer.ggml.merges', 'strings', merges),
    ...extra,
  ];
  return new Metadata([...new Map(entries.map((entry) => [entry.key, entry])).values()]);
}

const small = createTokenizer(
  metadata(
    [...bytes, 'ab', 'abc', '<think>', '<|end|>', '<unused>'],
    ['a b', 'ab c', 'a b'],
    [kinds([...bytes.map(() => 1), 1, 1, 4, 3, 5]), metadataEntry('tokenizer.ggml.eos_token_id', 'u32', 259)],
  ),
);
const id = (text: string) => bytes.indexOf(text);

describe('encode', () => {
  test('merges by rank, within words', () => {
    expect(small.encode('abcab')).toEqual([257, 256]);
    expect(small.encode('a b')).toEqual([id('a'), id('Ġ'), id('b')]);
    expect(small.encode('')).toEqual([]);
  });

  test('recognises user-defined tokens in text, and control tokens never', () => {
    expect(small.encode('ab<think>ab')).toEqual([256, 258, 256]);
    expect(small.encode('<|end|>')).toHaveLength(7);
    expect(small.endOfText).toBe(259);
  });

  test('puts the begin-of-text token first where the model wants one', () => {
    const wants = metadataEntry('tokenizer.ggml.add_bos_token', 'bool', true);
    const bos = metadataEntry('tokenizer.ggml.bos_token_id', 'u32', 256);
    expect(createTokenizer(metadata([...bytes, '<s>'], [], [wants, bos])).encode('a')).toEqual([256, id('a')]);
  });

  test('reads long words in less than quadratic time', () => {
    expect(small.encode('ab'.repeat(200_000))).toHaveLength(200_000);
    expect(small.encode(' '.repeat(200_000))).toHaveLength(200_000);
  });
});

describe('decode', () => {
  const source = openFile(fixtureModel);
  const fixtureTokenizer = createTokenizer(readGguf(source).metadata);
  source.close();

  test('undoes encode for every well-formed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(fixtureTokenizer.decode(fixtureTokenizer.encode(text))).toBe(text);
      }),
    );
  });

  test('makes lone surrogates and broken UTF-8 U+FFFD', () => {
    expect(fixtureTokenizer.decode(fixtureTokenizer.encode('a\ud800b'))).toBe('a\ufffdb');
    expect(small.decode([0xff, id('a')].map((n, i) => (i ? n : id(symbolOfByte[n]))))).toBe('\ufffda');
  });

  test('joins bytes of several tokens before reading them, and omits control and unknown tokens', () => {
    expect(small.decode(small.encode('é😀'))).toBe('é😀');
    expect(small.decode([256, 259, 258, 1_000_000])).toBe('ab<think>');
  });
});

describe('splitting', () => {
  test.each([
    ["don't WE'LL", ['don', "'t", ' WE', "'LL"]],
    ['x  y', ['x', ' ', ' y']],
    ['a12 3', ['a', '1', '2', ' ', '3']],
    ['end.\n\n  x ', ['end', '.\n\n', ' ', ' x', ' ']],
    ['d/dx [x^7]', ['d', '/dx', ' [', 'x', '^', '7', ']']],
  ])('%j', (text, words) => expect(splitWords(text)).toEqual(words));

  test('loses nothing', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expect(splitWords(text).join('')).toBe(text)));
  });
});

test('merging by scanning and by heap agree with the definition', () => {
  // Rules for random pairs of six letters; token 6 + r is the product of rule r.
  const rule = fc.tuple(fc.nat(9), fc.nat(9));
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 12 }), fc.array(fc.nat(5), { maxLength: 60 }), (rules, word) => {
      const find = (left: number, right: number) => rules.findIndex(([a, b]) => a === left && b === right);
      const products = Int32Array.from(rules, (_, rank) => 6 + rank);
      const expected = [...word];
      for (;;) {
        const ranks = expected.slice(1).map((right, i) => find(expected[i], right));
        const least = Math.min(...ranks.filter((rank) => rank >= 0));
        if (least === Infinity) break;
        expected.splice(ranks.indexOf(least), 2, products[least]);
      }
      expect(mergeWord(word, { find, products })).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

describe('a hostile vocabulary', () => {
  test.each([
    ['a token twice', metadata([...bytes, 'ab', 'ab'], [])],
    ['no token for a byte', metadata(bytes.slice(1), [])],
    ['a merge of unknown tokens', metadata(bytes, ['xx y'])],
    ['a merge whose product is unknown', metadata(bytes, ['a b'])],
    ['a merge of one token', metadata(bytes, ['ab'])],
    ['an empty merge', metadata(bytes, [''])],
    ['too few kinds', metadata(bytes, [], [kinds([1, 1])])],
    ['an end of text past the end', metadata(bytes, [], [metadataEntry('tokenizer.ggml.eos_token_id', 'u32', 256)])],
    [
      'a wanted but absent begin of text',
      metadata(bytes, [], [metadataEntry('tokenizer.ggml.add_bos_token', 'bool', true)]),
    ],
    ['tokens that are no strings', metadata(bytes, [], [metadataEntry('tokenizer.ggml.tokens', 'u32', 1)])],
  ])('is refused: %s', async (_, hostile) => {
    await expect(() => createTokenizer(hostile)).toFailWithCode('GGUF_INVALID');
  });

  test.each([
    ['tokenizer.ggml.model', 'llama'],
    ['tokenizer.ggml.pre', 'llama-bpe'],
  ])('of another kind is refused: %s = %s', async (key, value) => {
    const other = metadata(bytes, [], [metadataEntry(key, 'string', value)]);
    await expect(() => createTokenizer(other)).toFailWithCode('TOKENIZER_UNSUPPORTED');
  });
});
