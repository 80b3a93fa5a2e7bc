import { expect, test } from '@jest/globals';
import { fuzz } from './fuzz-target.js';
import { patchTargets } from './patch-fuzz.js';

/** Every way to fail must be reached, or the damage is not what it should be. */
const OUTCOMES: Record<string, string[]> = {
  patch: ['PATCH_INVALID', 'accepted'],
  interchange: ['INTERCHANGE_INVALID', 'ROW_OUT_OF_RANGE', 'TENSOR_TYPE', 'TENSOR_UNKNOWN', 'accepted'],
  envelope: [
    'PAYLOAD_TYPE',
    'SIGNATURE_INVALID',
    'SIGNATURE_MALLEABLE',
    'SIGNATURE_MISSING',
    'SIGNER_UNKNOWN',
    'STATEMENT_INVALID',
    'accepted',
  ],
  statement: ['STATEMENT_INVALID', 'STATEMENT_MISMATCH', 'accepted'],
};

test.each(patchTargets())('2,500 damaged files of $name give a sound object or one clear error', (target) => {
  const { outcomes } = fuzz(target, 2_500);
  expect([...outcomes.keys()].sort()).toEqual(OUTCOMES[target.name]);
});
