import { describe, expect, test } from '@jest/globals';
import { fuzz } from './fuzz-target.js';
import { ggufTarget } from './gguf-fuzz.js';

describe('fuzzing', () => {
  test('10,000 damaged GGUF files give a sound model or one clear error', () => {
    const { outcomes } = fuzz(ggufTarget(), 10_000);
    // Every way to fail must be reached, or the damage is not what it should be.
    expect([...outcomes.keys()].sort()).toEqual([
      'GGUF_INVALID',
      'GGUF_LIMIT',
      'GGUF_TRUNCATED',
      'GGUF_VERSION',
      'TYPE_NOT_ONE_BIT',
      'TYPE_UNSUPPORTED',
      'accepted',
    ]);
  });

  test('a seed names its input for ever', () => {
    const outcomes = (): string[] => Array.from({ length: 50 }, (_, seed) => ggufTarget().run(seed));
    expect(outcomes()).toEqual(outcomes());
  });
});
