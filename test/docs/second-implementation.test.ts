/** Holds the program against an implementation of docs/FORMAT.md that shares no code with it. */
import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { applyEdits, maskEdits } from '../../src/checkout/edit.js';
import { describeTensors, weightsId } from '../../src/gguf/identity.js';
import { readGguf } from '../../src/gguf/read.js';
import { bytesSource } from '../../src/gguf/source.js';
import type { Flip } from '../../src/patch/flip.js';
import { composeMask } from '../../src/patch/mask.js';
import { createPatch, encodePatch, patchId } from '../../src/patch/patch.js';
import { encodeEnvelope, signEnvelope } from '../../src/trust/envelope.js';
import { createKey } from '../../src/trust/signing-key.js';
import { encodePublicKey } from '../../src/trust/public-key.js';
import { fixtureModel } from '../paths.js';
import { example, exampleBytes, idAfter } from './document.js';
import * as second from './second-implementation.js';

const model = readFileSync(fixtureModel);
const gguf = readGguf(bytesSource(model));
const base = weightsId(describeTensors(bytesSource(model), gguf));
const row: Flip = { kind: 'row', tensor: 'blk.1.ffn_up.weight', row: 700 };
const everyKind: Flip[] = [
  row,
  { kind: 'row', tensor: 'blk.0.ffn_down.weight', row: 255 },
  { kind: 'group', tensor: 'blk.1.ffn_up.weight', row: 700, group: 1 },
  { kind: 'group', tensor: 'token_embd.weight', row: 3, group: 0 },
  { kind: 'scale-bit', tensor: 'blk.5.attn_q.weight', row: 9, group: 1, bit: 8 },
  { kind: 'scale-bit', tensor: 'blk.5.attn_q.weight', row: 9, group: 1, bit: 0 },
];

test('both give a model the same id', () => {
  expect(second.weightsId(model)).toBe(base);
  expect(second.weightsId(exampleBytes('model'))).toBe(idAfter('weights'));
});

test.each([
  ['a row', [row]],
  ['every kind of flip', everyKind],
])('both write and apply %s alike', (_, flips) => {
  const patch = createPatch(base, flips);
  const file = Buffer.from(encodePatch(patch)).toString();
  expect(second.canonical(JSON.parse(file))).toBe(file);
  expect(second.patchId(file)).toBe(patchId(patch));
  const [ours, theirs] = [Buffer.from(model), Buffer.from(model)];
  applyEdits(maskEdits(gguf, composeMask([patch])), ours, 0);
  second.applyPatch(theirs, file);
  expect(ours.equals(theirs)).toBe(true);
  expect(ours.equals(model)).toBe(false);
  second.applyPatch(theirs, file);
  expect(theirs.equals(model)).toBe(true);
});

test('the second opens what the first has signed, and not what was changed', () => {
  const key = createKey();
  const envelope = (payload: string) =>
    Buffer.from(encodeEnvelope(signEnvelope('application/x', Buffer.from(payload), key))).toString();
  const publicKey = Buffer.from(encodePublicKey(key.publicKey)).toString();
  expect(second.openEnvelope(envelope('{"a":1}'), publicKey)).toBe('{"a":1}');
  const [good, other] = [
    JSON.parse(envelope('{"a":1}')) as object,
    JSON.parse(envelope('{"a":2}')) as { payload: string },
  ];
  const forged = JSON.stringify({ ...good, payload: other.payload });
  expect(() => second.openEnvelope(forged, publicKey)).toThrow('the signature is bad');
});

test('the document alone gives the ids of its examples', () => {
  expect(second.patchId(example('patch-calc'))).toBe(idAfter('patch-calc'));
  expect(second.openEnvelope(example('envelope'), example('public-key'))).toBe(example('import-statement'));
  for (const name of ['root', 'calc', 'math', 'stack']) {
    expect(second.gitId('commit', `${example(`commit-${name}`)}\n`)).toBe(idAfter(`commit-${name}`));
  }
  const files = ['* -text\n', 'bankai.json', 'envelope', 'public-key', 'patch-calc'];
  const blobs = files.map((name, i) => second.gitId('blob', i === 0 ? name : example(name)));
  expect(example('tree-calc').match(/[0-9a-f]{40}(?=\t)/g)).toEqual(blobs);
});
