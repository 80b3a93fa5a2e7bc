/** Numbers and durations as people read them. */
import { expect, test } from '@jest/globals';
import { formatDuration } from '../../src/render/duration.js';
import { shortId } from '../../src/render/id.js';
import {
  formatBytes,
  formatChange,
  formatCount,
  formatProbability,
  formatShare,
  plural,
} from '../../src/render/number.js';

test.each([
  [0, '0 ms'],
  [8.4, '8 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [12_340, '12.3 s'],
  [59_949, '59.9 s'],
  [59_951, '1 m 00 s'],
  [125_000, '2 m 05 s'],
  [3_599_600, '1 h 00 m'],
  [4_020_000, '1 h 07 m'],
  [3_599_400, '59 m 59 s'],
])('%d ms is %s', (elapsedMs, text) => {
  expect(formatDuration(elapsedMs)).toBe(text);
});

test.each([
  [0, '0 B'],
  [936, '936 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [18_432_000, '18.4 MB'],
  [1_150_000_000, '1.15 GB'],
])('%d bytes are %s', (byteLength, text) => {
  expect(formatBytes(byteLength)).toBe(text);
});

test.each([
  [1, 'p = 1'],
  [0.996, 'p = 1'],
  [0.2188, 'p = 0.22'],
  [0.06, 'p = 0.06'],
  [0.0012, 'p = 0.0012'],
  [6e-8, 'p = 6e-8'],
  [0, 'p < 1e-300'],
])('p-value %d is %s', (p, text) => {
  expect(formatProbability(p)).toBe(text);
});

test.each([
  [12, 0, '+12'],
  [-3, 0, '-3'],
  [0, 0, '0'],
  [-0.0001, 3, '0.000'],
  [0.25, 2, '+0.25'],
])('a change of %d with %i digits is %s', (value, digits, text) => {
  expect(formatChange(value, digits)).toBe(text);
});

test('counts, shares, nouns and ids', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567');
  expect(formatShare(0.4137)).toBe('41.4 %');
  expect([plural(1, 'flip'), plural(0, 'flip'), plural(2, 'patch', 'patches')]).toEqual([
    '1 flip',
    '0 flips',
    '2 patches',
  ]);
  expect(shortId('0123456789abcdef')).toBe('0123456789');
});
