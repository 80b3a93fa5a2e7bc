import { expect, test } from '@jest/globals';
import type { ModelConfig } from '../../src/engine/config.js';
import { rotaryAngles } from '../../src/engine/rotary.js';

const plain: ModelConfig = {
  ...{ layers: 1, width: 64, mlp: 64, heads: 1, kvHeads: 1, headDim: 128, vocabulary: 512, contextLength: 65_536 },
  ...{ epsilon: 1e-6, ropeBase: 1e6 },
};

test('plain frequencies fall from one radian a position to 1 / base', () => {
  const { frequencies, magnitude } = rotaryAngles(plain);
  expect([frequencies[0], frequencies[32], magnitude]).toEqual([1, 1e-3, 1]);
});

test('YaRN keeps the fastest frequencies, divides the slowest by the factor, and goes over between', () => {
  const ropeScaling = { type: 'yarn', factor: 4, originalContextLength: 16_384 } as const;
  const { frequencies, magnitude } = rotaryAngles({ ...plain, ropeScaling });
  const ratios = Array.from(frequencies, (frequency, i) => frequency / rotaryAngles(plain).frequencies[i]);
  expect(ratios.slice(0, 21)).toEqual(Array(21).fill(1));
  ratios.slice(37).forEach((ratio) => expect(ratio).toBeCloseTo(0.25, 12));
  expect(ratios.slice(20, 37).every((ratio, i, all) => i === 0 || ratio < all[i - 1])).toBe(true);
  expect(magnitude).toBeCloseTo(1.1386, 4);
});
