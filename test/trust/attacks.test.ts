/** What somebody could put into a repository to have it believed: each refused with its own code, and nothing written. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/errors.js';
import { canonicalBytes } from '../../src/patch/canonical.js';
import { type PatchId, sha256Hex, type WeightsId } from '../../src/patch/ids.js';
import { createPatch, encodePatch, type Patch, patchId } from '../../src/patch/patch.js';
import { readHead } from '../../src/repo/branch.js';
import { readCommit } from '../../src/repo/object.js';
import { writeRef } from '../../src/repo/refs.js';
import type { Repository } from '../../src/repo/repository.js';
import { type EvidenceFile, evidencePath, patchPath, readEvidence } from '../../src/repo/state.js';
import { changeTree, fileEntry, type TreeEntry } from '../../src/repo/tree.js';
import { writeCommit, writeObject } from '../../src/repo/write-object.js';
import { decodeEnvelope, encodeEnvelope, type Envelope, signEnvelope } from '../../src/trust/envelope.js';
import type { ImportPredicate } from '../../src/trust/predicates/import.js';
import { encodePublicKey } from '../../src/trust/public-key.js';
import { loadOrCreateKey } from '../../src/trust/keys.js';
import { createKey, type SigningKey } from '../../src/trust/signing-key.js';
import { createStatement, encodeStatement, STATEMENT_PAYLOAD_TYPE } from '../../src/trust/statement.js';
import { distrustKey, trustKey } from '../../src/trust/trust.js';
import { checkout } from '../../src/workflows/checkout.js';
import { judgeEvidence } from '../../src/workflows/evidence.js';
import { exportModel } from '../../src/workflows/export.js';
import { merge } from '../../src/workflows/merge.js';
import { loadStack } from '../../src/workflows/stack.js';
import { verifyStack } from '../../src/workflows/verify.js';
import { openWorkspace } from '../../src/workflows/workspace.js';
import { addRegistry } from '../../src/registry/known-registries.js';
import { metadataPath } from '../../src/registry/layout.js';
import { add } from '../../src/workflows/install.js';
import { createCli } from '../e2e/cli.js';
import { fingerprint, makeSampleRepository, recorderAt } from '../e2e/repository.js';
import { temporaryDirectory } from '../paths.js';
import { serveHostile } from '../registry/hostile-server.js';
import * as sample from '../registry/sample-registry.js';
import { L } from './curve.js';

const cli = createCli();
/** The victim: nobody's key is in their directory but their own. */
const victim = { ...recorderAt(cli), keyDirectory: join(temporaryDirectory(), 'victim') };
const mallory = createKey();
const time = '2026-01-02T03:04:05Z';

let repository: Repository;
let base: WeightsId;
let patch: Patch;
let id: PatchId;
let envelope: Envelope;
let key: EvidenceFile;
let otherEnvelope: EvidenceFile;

beforeAll(async () => {
  await makeSampleRepository(cli);
  const workspace = await openWorkspace(cli.directory);
  repository = workspace.repository;
  base = workspace.state.weightsId;
  const evidenceOf = async (branch: string) => {
    const { loaded, commitOf } = await loadStack(repository, branch);
    const [[patchId, content]] = loaded;
    const commit = commitOf.get(patchId);
    if (commit === undefined) throw new Error('no commit');
    const files = await readEvidence(repository, commit, patchId);
    const find = (kind: string) => files.find((file) => file.kind === kind) as EvidenceFile;
    return { id: patchId, patch: content, statement: find('import'), key: find('key') };
  };
  const calc = await evidenceOf('calc');
  ({ id, patch, key } = calc);
  envelope = decodeEnvelope(calc.statement.bytes);
  otherEnvelope = (await evidenceOf('math')).statement;
});

const named = (bytes: Uint8Array, kind: EvidenceFile['kind'] = 'import'): EvidenceFile => ({
  kind,
  digest: sha256Hex(bytes),
  bytes,
});
const sealed = (changed: Envelope): EvidenceFile => named(encodeEnvelope(changed));
const [bytesOf, textOf] = [
  (text: string) => Buffer.from(text, 'base64'),
  (bytes: Uint8Array) => Buffer.from(bytes).toString('base64'),
];

/** Another spelling of a signature: S + L. */
function respelt(signature: Uint8Array): Uint8Array {
  const copy = Buffer.from(signature);
  let s = BigInt(`0x${Buffer.from(copy.subarray(32)).reverse().toString('hex')}`) + L;
  for (let i = 32; i < 64; i++, s >>= 8n) copy[i] = Number(s & 255n);
  return copy;
}

const importOf = (weights: WeightsId): ImportPredicate => ({
  base: weights,
  source: { format: 'bankai.patch/v1', sha256: 'e'.repeat(64) },
  importer: { name: 'bankai', version: '1.2.3' },
  createdAt: time,
});

/** Puts a patch and evidence on a branch called `evil`, as whoever can push could. */
async function plant(
  content: Uint8Array,
  at: PatchId,
  evidence: readonly EvidenceFile[],
  more: [string, string][] = [],
) {
  const parent = await readCommit(repository, (await readHead(repository)).commit);
  const changes = new Map<string, TreeEntry>();
  const put = async (path: string, bytes: Uint8Array) =>
    changes.set(path, fileEntry(await writeObject(repository, 'blob', bytes)));
  await put(patchPath(at), content);
  for (const file of evidence) await put(evidencePath(at, file), file.bytes);
  for (const [path, text] of more) await put(path, Buffer.from(text));
  const tree = await changeTree(repository, parent.tree, changes);
  const author = { name: 'Mallory', email: 'm@example.org', timestamp: 1767268800, timezoneOffset: 0 };
  const commit = { tree, parents: [parent.id], author, committer: author, message: 'trust me\n' };
  await writeRef(repository, 'refs/heads/evil', { oid: await writeCommit(repository, commit) });
}

async function expectRefused(code: ErrorCode) {
  const output = join(temporaryDirectory(), 'out.gguf');
  const before = fingerprint(cli.directory);
  await expect(checkout(cli.directory, 'evil', victim)).toFailWithCode(code);
  await expect(merge(cli.directory, { stack: 'evil' }, victim)).toFailWithCode(code);
  const request = { stack: 'evil', path: output, overwrite: true, version: '1.2.3' };
  await expect(exportModel(cli.directory, request, victim)).toFailWithCode(code);
  expect(existsSync(output)).toBe(false);
  const { ok, patches, checks } = await verifyStack(cli.directory, 'evil', victim);
  const codes = [...patches.flatMap((verdict) => verdict.checks), ...checks].map((check) => check.code);
  expect([ok, codes]).toEqual([false, expect.arrayContaining([code])]);
  expect(fingerprint(cli.directory)).toEqual(before);
}

/** Asserts that `add` refuses a patch with such evidence from a registry, whose owner signed it as it is. */
async function expectNotAdded(code: ErrorCode, evidence: readonly EvidenceFile[], content = patch) {
  const registry = await sample.copyOfRegistry();
  const bundle = { namespace: 'mathlab', name: 'evil', version: '1.0.0', description: '', patch: content, evidence };
  const judged = judgeEvidence(evidence, patchId(content)).statements;
  const holding = judged.flatMap((check) => ('error' in check ? [] : [check]));
  await sample.publish(registry, bundle, sample.author, holding);
  const { url } = await serveHostile(registry);
  const configDirectory = temporaryDirectory();
  const root = sha256Hex(readFileSync(join(registry, metadataPath('root', 1))));
  await addRegistry(configDirectory, { name: 'lab', url, first: { digest: root } });
  // A commit may be written before it is judged: an object that nothing leads to, as in git.
  const place = () =>
    Object.entries(fingerprint(cli.directory)).filter(([path]) => !path.startsWith(join('.git', 'objects')));
  const before = place();
  const places = { configDirectory, cacheDirectory: temporaryDirectory() };
  const request = { wanted: ['mathlab/evil'], branch: 'added' };
  await expect(add(cli.directory, request, places, victim)).toFailWithCode(code);
  expect(place()).toEqual(before);
}

describe('a statement that is', () => {
  test.each<[string, ErrorCode, () => EvidenceFile[]]>([
    [
      'forged: another signature',
      'SIGNATURE_INVALID',
      () => {
        const [{ keyid }] = envelope.signatures;
        const sig = signEnvelope(envelope.payloadType, bytesOf(envelope.payload), mallory).signatures[0].sig;
        return [sealed({ ...envelope, signatures: [{ keyid, sig }] }), key];
      },
    ],
    [
      'forged: another payload',
      'SIGNATURE_INVALID',
      () => {
        const payload = textOf(encodeStatement(createStatement('import', id, importOf(base))));
        return [sealed({ ...envelope, payload }), key];
      },
    ],
    ['truncated', 'STATEMENT_INVALID', () => [named(encodeEnvelope(envelope).subarray(0, 200)), key]],
    ['replayed from another patch', 'STATEMENT_MISMATCH', () => [otherEnvelope, key]],
    [
      'about another base',
      'STATEMENT_MISMATCH',
      () => {
        const statement = createStatement('import', id, importOf('b'.repeat(64) as WeightsId));
        return [
          sealed(signEnvelope(STATEMENT_PAYLOAD_TYPE, encodeStatement(statement), mallory)),
          { ...named(encodePublicKey(mallory.publicKey), 'key'), digest: mallory.id },
        ];
      },
    ],
    [
      'signed as something else',
      'PAYLOAD_TYPE',
      () => [
        sealed(signEnvelope('application/json', bytesOf(envelope.payload), mallory)),
        { ...named(encodePublicKey(mallory.publicKey), 'key'), digest: mallory.id },
      ],
    ],
    [
      'signed with S + L',
      'SIGNATURE_MALLEABLE',
      () => {
        const [{ keyid, sig }] = envelope.signatures;
        return [sealed({ ...envelope, signatures: [{ keyid, sig: textOf(respelt(bytesOf(sig))) }] }), key];
      },
    ],
    [
      'signed by a key of small order',
      'KEY_WEAK',
      () => {
        // The neutral element as key, and as R with S = 0: good for every message, if nobody looks.
        const raw = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));
        const file = canonicalBytes({
          ...{ format: 'bankai.public-key/v1', algorithm: 'ed25519' },
          publicKey: textOf(raw),
        });
        const sig = textOf(Buffer.concat([raw, Buffer.alloc(32)]));
        const keyid = sha256Hex(raw);
        return [sealed({ ...envelope, signatures: [{ keyid, sig }] }), { kind: 'key', digest: keyid, bytes: file }];
      },
    ],
    ['signed by nobody', 'SIGNATURE_MISSING', () => [sealed({ ...envelope, signatures: [] }), key]],
    ['signed by a key that is not there', 'SIGNER_UNKNOWN', () => [sealed(envelope)]],
  ])('%s is refused with %s', async (what, code, evidence) => {
    await plant(encodePatch(patch), id, evidence());
    await expectRefused(code);
    // A registry on its way to each takes time: these stand for all, whose judge is the same.
    if (what.startsWith('replayed') || code === 'SIGNATURE_MALLEABLE' || code === 'KEY_WEAK') {
      await expectNotAdded(code, evidence());
    }
  });
});

const revocation = (of: 'patch' | 'key', subject: string, signer: SigningKey): EvidenceFile[] => {
  const predicate = {
    ...{ of, reason: 'poisoned', engine: { name: 'bankai', version: '1.2.3' }, createdAt: time },
    ...(of === 'patch' && { base }),
  };
  const statement = createStatement('revocation', subject as PatchId, predicate);
  const signed = encodeEnvelope(signEnvelope(STATEMENT_PAYLOAD_TYPE, encodeStatement(statement), signer));
  return [named(signed, 'revocation'), { ...named(encodePublicKey(signer.publicKey), 'key'), digest: signer.id }];
};

describe('a revocation', () => {
  const planted = async (evidence: readonly EvidenceFile[]) => plant(encodePatch(patch), id, evidence);
  const ada = () => loadOrCreateKey(recorderAt(cli).keyDirectory);

  test('of the patch by its author is obeyed', async () => {
    // Ada's key is in both, once.
    const files = [sealed(envelope), key, revocation('patch', id, await ada())[0]];
    await planted(files);
    await expectRefused('REVOKED');
    await expectNotAdded('REVOKED', files);
  });

  test('of the key of its author by itself is obeyed', async () => {
    const author = await ada();
    await planted([sealed(envelope), key, ...revocation('key', author.id, author)]);
    await expectRefused('REVOKED');
  });

  test('of a key that signed nothing there is refused', async () => {
    await planted([sealed(envelope), key, ...revocation('key', 'a'.repeat(64), mallory)]);
    await expectRefused('STATEMENT_MISMATCH');
  });

  test('by somebody else is not obeyed, until they are trusted', async () => {
    const author = await ada();
    const files = [...revocation('patch', id, mallory), ...revocation('key', author.id, mallory)];
    await planted([sealed(envelope), key, ...files.filter((_, i) => i !== 1)]);
    await checkout(cli.directory, 'evil', victim);
    await checkout(cli.directory, 'base', victim);
    await trustKey(victim.keyDirectory, { name: 'mallory', publicKey: mallory.publicKey, scopes: [] });
    await expectRefused('REVOKED');
    await distrustKey(victim.keyDirectory, 'mallory');
  });
});

describe('a patch that is', () => {
  test('for another base is refused', async () => {
    const foreign = createPatch('b'.repeat(64) as WeightsId, [{ kind: 'row', tensor: 'blk.0.ffn_up.weight', row: 1 }]);
    await plant(encodePatch(foreign), patchId(foreign), []);
    await expectRefused('BASE_MISMATCH');
    await expectNotAdded('BASE_MISMATCH', [], foreign);
  });

  test('not what its name says is refused', async () => {
    const other = createPatch(base, [{ kind: 'row', tensor: 'blk.0.ffn_up.weight', row: 1 }]);
    await plant(encodePatch(other), id, []);
    await expectRefused('PATCH_ID_MISMATCH');
  });
});

describe('a policy', () => {
  const strict = { format: 'bankai.policy/v1', mode: 'enforce', trusted: true };
  const lax = JSON.stringify({ format: 'bankai.policy/v1', mode: 'off' });
  const place = (directory: string, content: string) => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, 'policy.json'), content);
  };
  const localPath = () => join(repository.gitDirectory, 'bankai');

  test('is not loosened by another one, nor by files in the tree', async () => {
    place(victim.keyDirectory, JSON.stringify(strict));
    place(localPath(), lax);
    await plant(
      encodePatch(patch),
      id,
      [sealed(envelope), key],
      [
        ['policy.json', lax],
        ['.bankai/policy.json', lax],
      ],
    );
    await expectRefused('POLICY_VIOLATION');
  });

  test('that cannot be read refuses everything', async () => {
    place(victim.keyDirectory, '{"format":"bankai.policy/v1","mode":"of"}');
    await expectRefused('POLICY_INVALID');
  });

  test('lets pass what it asks for: the same patch, made by somebody trusted', async () => {
    place(victim.keyDirectory, JSON.stringify(strict));
    const ada = { ...victim, keyDirectory: recorderAt(cli).keyDirectory };
    place(ada.keyDirectory, JSON.stringify(strict));
    expect((await checkout(cli.directory, 'evil', ada)).warnings).toEqual([]);
    await checkout(cli.directory, 'base', ada);
  });

  test('that only warns says what is missing', async () => {
    place(victim.keyDirectory, JSON.stringify({ ...strict, mode: 'warn', bits: 5, tensors: ['blk.0.*'] }));
    const { warnings } = await checkout(cli.directory, 'evil', victim);
    expect(warnings.map((line) => line.replace(/[0-9a-f]{10}/, 'X'))).toEqual([
      'Patch X was made by nobody whom you trust',
      expect.stringMatching(/^Patch X inverts \d+ bits \(limit 5\)$/),
      'Patch X touches blk.1.ffn_up.weight, which is not allowed',
    ]);
  });
});
