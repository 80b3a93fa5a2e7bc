import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalBytes, isPlainlyCanonical } from '../../src/patch/canonical.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const encoding = (value: unknown): Uint8Array | undefined => {
  try {
    return canonicalBytes(value as object);
  } catch {
    return undefined;
  }
};

test('what is plainly canonical is what RFC 8785 writes', () => {
  const key = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.nat(20).map(String),
    fc.constantFrom('__proto__', '\ue000', '𐀀'),
  );
  const document = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.jsonValue({ maxDepth: 0 }), tie('object'), fc.array(tie('value'))),
    object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  })).object;
  let plain = 0;
  fc.assert(
    fc.property(document, fc.boolean(), (value, sorted) => {
      const text = sorted ? new TextDecoder().decode(encoding(value)) : JSON.stringify(value);
      const read = JSON.parse(text === '' ? '{}' : text) as unknown;
      if (!isPlainlyCanonical(bytes(text), read)) return;
      plain++;
      expect(Buffer.from(encoding(read) ?? []).toString()).toBe(text);
    }),
    { numRuns: 2000 },
  );
  expect(plain).toBeGreaterThan(500);
});

test.each(['{"b":1,"a":2}', '{"a":1, "b":2}', '{"a":1,"a":1}', '{"a":1.0}', '{"a":"\\ud800"}', '{"a":-0}'])(
  '%s is not',
  (text) => expect(isPlainlyCanonical(bytes(text), JSON.parse(text))).toBe(false),
);
