/** Owns the fuzzing of patches and of what is said about them: any bytes give a sound object, or one clear error. */
import { createPrivateKey, createPublicKey as derivePublicKey, sign } from 'node:crypto';
import { BankaiError } from '../../src/errors.js';
import type { PatchId, WeightsId } from '../../src/patch/ids.js';
import { importPatch } from '../../src/patch/interchange.js';
import { createPatch, decodePatch, encodePatch, patchId } from '../../src/patch/patch.js';
import { assertPatchFits, type TensorShape } from '../../src/patch/validate.js';
import { openEnvelope, signEnvelope } from '../../src/trust/envelope.js';
import type { SigningKey } from '../../src/trust/signing-key.js';
import { createPublicKey } from '../../src/trust/public-key.js';
import { formatDecimal } from '../../src/trust/predicates/terms.js';
import {
  createStatement,
  decodeStatement,
  encodeStatement,
  STATEMENT_PAYLOAD_TYPE,
} from '../../src/trust/statement.js';
import type { FuzzTarget } from './fuzz-target.js';
import { mutateJson } from './json-mutation.js';
import { randomFrom } from './random.js';

const base = 'b'.repeat(64) as WeightsId;
const tensor = 'blk.0.ffn_up.weight';

/** Makes the targets: patch files, patches of other tools, envelopes, statements. */
export function patchTargets(): FuzzTarget[] {
  return [patchTarget(), interchangeTarget(), envelopeTarget(), statementTarget()];
}

function patchTarget(): FuzzTarget {
  const patch = createPatch(base, [
    { kind: 'row', tensor, row: 1 },
    { kind: 'row', tensor, row: 300 },
    { kind: 'group', tensor, row: 7, group: 3 },
    { kind: 'group', tensor, row: 7, group: 4 },
    { kind: 'scale-bit', tensor, row: 7, group: 3, bit: 9 },
    { kind: 'row', tensor: 'blk.0.ffn_gate.weight', row: 0 },
  ]);
  return target('patch', [patch], (bytes) => {
    const decoded = decodePatch(bytes);
    promise(sameBytes(encodePatch(decoded), bytes), 'an accepted patch encodes as it was');
    promise(patchId(decodePatch(bytes, patchId(decoded))) === patchId(decoded), 'an accepted patch has its id');
  });
}

function interchangeTarget(): FuzzTarget {
  const shapes = new Map<string, TensorShape>([
    [tensor, { type: 'Q1_0', rows: 400, groups: 8 }],
    ['blk.1.ffn_up.weight', { type: 'F32', rows: 400, groups: 0 }],
    ['blk.1.ffn_down.weight', { type: 'Q1_0', rows: 8, groups: 400 }],
  ]);
  const shapeOf = (name: string) => shapes.get(name);
  const rows = {
    version: 1,
    format: 'bankai_row_xor_v1',
    name: 'math',
    flips: [
      { layer: 0, proj: 'up_proj', row: 3 },
      { layer: 1, proj: 'down_proj', row: 5, group: 9 },
    ],
  };
  const groups = {
    format: 'bankai_group_xor_v2',
    flips: [
      { layer: 1, proj: 'ffn_down.weight', group: 815, type: 'group' },
      { layer: 1, proj: 'ffn_down.weight', group: 816, type: 'scale', bit: 4 },
    ],
    log: [{ probe: 1, gap: 0.5 }],
  };
  return target('interchange', [rows, groups, { flips: rows.flips }, { flips: groups.flips }], (bytes) => {
    const { patch, summary } = importPatch(bytes, base, shapeOf);
    assertPatchFits(patch, base, shapeOf);
    decodePatch(encodePatch(patch));
    const { name } = summary;
    createStatement('import', patchId(patch), {
      ...importOf('1'.repeat(64)),
      source: { format: 'x', sha256: base, name },
    });
  });
}

function envelopeTarget(): FuzzTarget {
  const [alice, bob] = [fixedKey(1), fixedKey(2)];
  const payload = Buffer.from('{"a":1}');
  const signed = signEnvelope(STATEMENT_PAYLOAD_TYPE, payload, alice);
  const both = {
    ...signed,
    signatures: [...signed.signatures, ...signEnvelope(STATEMENT_PAYLOAD_TYPE, payload, bob).signatures],
  };
  return target('envelope', [signed, both], (bytes) => {
    const opened = openEnvelope(bytes, STATEMENT_PAYLOAD_TYPE, (id) => (id === alice.id ? alice.publicKey : undefined));
    promise(sameBytes(opened.payload, payload), 'nothing opens but what was signed');
    promise(opened.signers.join() === alice.id, 'the signer is the one who signed');
  });
}

function statementTarget(): FuzzTarget {
  const patch = '1'.repeat(64) as PatchId;
  const search = createStatement('search', patch, {
    base,
    parents: ['2'.repeat(64) as PatchId],
    probes: [{ role: 'search', name: 'calculus.json', sha256: 'c'.repeat(64), count: 60 }],
    strategy: { name: 'greedy', settings: { screened: 16 } },
    fitness: { name: 'answer', settings: { clip: '-0.02' } },
    seed: 7,
    budget: { iterations: 300 },
    engine: { name: 'bankai', version: '0.1.0' },
    result: {
      objectiveBefore: formatDecimal(-1.75),
      objectiveAfter: formatDecimal(-0.5),
      iterations: 300,
      accepted: 80,
      evaluations: 411,
      elapsedMs: 61000,
      flips: 78,
      stoppedBy: 'iterations',
    },
    createdAt: '2026-01-02T03:04:05.678Z',
  });
  const counts = { count: 4, fixed: 1, broke: 0, keptRight: 1, keptWrong: 2 };
  const evaluation = createStatement('evaluation', patch, {
    base,
    patches: [patch, '2'.repeat(64) as PatchId],
    against: ['2'.repeat(64) as PatchId],
    probes: [
      {
        role: 'heldout',
        name: 'heldout.json',
        sha256: 'd'.repeat(64),
        ...counts,
        rightBefore: 1,
        rightAfter: 2,
        p: '1',
        fixRate: { low: '0.06', high: '0.79' },
        categories: [{ category: '', ...counts }],
      },
    ],
    texts: [
      {
        name: 'text.txt',
        sha256: 'e'.repeat(64),
        tokens: 100,
        perplexityBefore: '1.9',
        perplexityAfter: '1.91',
        divergence: '0.001',
      },
    ],
    matching: 'bankai.answer/v1',
    engine: { name: 'bankai', version: '0.1.0' },
    elapsedMs: 900,
    createdAt: '2026-01-02T03:04:05Z',
  });
  const samples = [search, evaluation, createStatement('import', patch, importOf(base))];
  const documents = samples.map(
    (statement) => JSON.parse(Buffer.from(encodeStatement(statement)).toString()) as object,
  );
  return target('statement', documents, (bytes) => {
    promise(sameBytes(encodeStatement(decodeStatement(bytes, patch, base)), bytes), 'a statement encodes as it was');
  });
}

function importOf(sha256: string) {
  const importer = { name: 'bankai', version: '0.1.0' };
  return { base, source: { format: 'bankai_row_xor_v1', sha256 }, importer, createdAt: '2026-01-02T03:04:05Z' };
}

function target(name: string, samples: readonly object[], read: (bytes: Uint8Array) => void): FuzzTarget {
  return {
    name,
    run: (seed) => {
      const random = randomFrom(seed);
      try {
        read(mutateJson(random.pick(samples), random));
        return 'accepted';
      } catch (error) {
        if (error instanceof BankaiError && error.message && error.hint) return error.code;
        throw error;
      }
    },
  };
}

/** A key of a constant seed, made by node:crypto, so that a fuzzing seed names the same bytes for ever. */
function fixedKey(byte: number): SigningKey {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]);
  const secret = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const { x = '' } = derivePublicKey(secret).export({ format: 'jwk' });
  const publicKey = createPublicKey(Buffer.from(x, 'base64url'));
  return { id: publicKey.id, publicKey, sign: (bytes) => sign(null, bytes, secret) };
}

function promise(kept: boolean, what: string): void {
  if (!kept) throw new Error(`a promise is broken: ${what}`);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
