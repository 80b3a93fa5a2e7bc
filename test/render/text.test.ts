/** Text in cells: width, cutting, wrapping, and what is safe. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { colourStyle } from '../../src/render/style.js';
import { displayWidth, pad, printable, printableLines, truncate, wrap } from '../../src/render/text.js';

const anyText = fc.string({ unit: 'grapheme', maxLength: 40 });

describe('displayWidth', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['日本', 4],
    ['ｶﾅ', 2],
    ['한글', 4],
    ['🙂', 2],
    ['👩‍👩‍👧', 2],
    ['a→b', 3],
    ['█▏', 2],
  ])('%j takes %i cells', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  test('colours take none', () => {
    expect(displayWidth(colourStyle.bad('bad'))).toBe(3);
  });
});

describe('truncate', () => {
  test('leaves what fits', () => expect(truncate('abc', 3)).toBe('abc'));
  test('ends in an ellipsis', () => expect(truncate('abcdef', 4)).toBe('abc…'));
  test('cuts no character in half', () => expect(truncate('日本語', 4)).toBe('日…'));
  test('cuts before a space, not after it', () => expect(truncate('ab cdef', 4)).toBe('ab…'));
  test('never gets wider than asked', () => {
    fc.assert(
      fc.property(anyText, fc.nat(20), (text, width) => {
        expect(displayWidth(truncate(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('wrap', () => {
  test('breaks at spaces', () => expect(wrap('the quick brown fox', 10)).toEqual(['the quick', 'brown fox']));
  test('breaks a long word', () => expect(wrap('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']));
  test('keeps every character that is no space, within the width', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 30 }), (text, width) => {
        const lines = wrap(text, width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('pad', () => {
  test('fills on the right or on the left', () => {
    expect(pad('日', 4)).toBe('日  ');
    expect(pad('日', 4, 'right')).toBe('  日');
    expect(pad('long', 2)).toBe('long');
  });
});

describe('printable', () => {
  test('shows what would act on the terminal', () => {
    expect(printable('a\u001b[31mb\n\t\u0007\u202e')).toBe('a\\u{1b}[31mb\\n\\t\\u{7}\\u{202e}');
  });
  test('leaves other text alone', () => expect(printable('naïve 日本 🙂 👩‍👧')).toBe('naïve 日本 🙂 👩‍👧'));
  test('keeps line breaks where asked', () => expect(printableLines('a\r\nb\n\u0000\n')).toEqual(['a', 'b', '\\u{0}']));
});
