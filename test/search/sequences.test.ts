import { describe, expect, test } from '@jest/globals';
import type { Tokenizer } from '../../src/engine/tokenizer.js';
import { rightSequences } from '../../src/search/sequences.js';
import { asciiTokenizer } from './small-engine.js';

/** Has tokens for `)` with a line break, 200, and for an empty line, 201. */
const merging: Tokenizer = {
  ...asciiTokenizer,
  encode: (text) =>
    (text.match(/\)\n|\n\n|[^]/g) ?? []).map((piece) =>
      piece === ')\n' ? 200 : piece === '\n\n' ? 201 : piece.charCodeAt(0),
    ),
  decode: (ids) => ids.map((id) => ({ 200: ')\n', 201: '\n\n' })[id] ?? String.fromCharCode(id)).join(''),
};
const texts = (tokenizer: Tokenizer, correct: string, alternates?: string[]) =>
  rightSequences(tokenizer, { prompt: 'q:', correct, ...(alternates && { alternates }) }).map(({ tokens, from }) => [
    tokenizer.decode(tokens.slice(0, from)),
    tokens.slice(from),
  ]);
const codes = (text: string) => [...text].map((letter) => letter.charCodeAt(0));

describe('the ways to answer right', () => {
  test('end with the line or with the text', () => {
    expect(texts(asciiTokenizer, '6x')).toEqual([
      ['q:', codes('6x\n')],
      ['q:', codes('6x\0')],
    ]);
  });

  test('end with one token where the end is one with what stands before it', () => {
    expect(texts(merging, 'f(x)').map(([, tokens]) => tokens)).toEqual([[...codes('f(x'), 200], codes('f(x)\0')]);
  });

  test('may end with an empty line', () => {
    expect(texts(merging, '6').map(([, tokens]) => tokens)).toEqual([codes('6\n'), [...codes('6'), 201], codes('6\0')]);
  });

  test('are those of every accepted answer, and none is the beginning of another', () => {
    const ways = texts(asciiTokenizer, '6', ['six', '6']).map(([, tokens]) => tokens as number[]);
    expect(ways).toHaveLength(4);
    for (const way of ways) {
      for (const other of ways) {
        if (other !== way) expect(other.slice(0, way.length)).not.toEqual(way);
      }
    }
  });

  test('need no end of text', () => {
    const endless: Tokenizer = { ...asciiTokenizer, endOfText: undefined };
    expect(texts(endless, '6').map(([, tokens]) => tokens)).toEqual([codes('6\n')]);
  });
});
