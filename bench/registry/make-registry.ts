/**
 * A registry of many versions, the same one every time but for the person's key: bundles with a patch and a signed evaluation
 * each, indexes that follow from them, and metadata signed by those who must. Only probe files are left out of the bundles.
 */
import { createPrivateKey, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Flip } from '../../src/patch/flip.js';
import { sha256Hex, type WeightsId } from '../../src/patch/ids.js';
import { createPatch, patchId } from '../../src/patch/patch.js';
import { createRegistry } from '../../src/registry/author.js';
import { type Bundle, encodeBundle } from '../../src/registry/bundle.js';
import { bundlePath, targetPath } from '../../src/registry/layout.js';
import { namespacePaths, signMetadata } from '../../src/registry/metadata.js';
import { encodeIndex, indexPath, type VersionEntry } from '../../src/registry/namespace-index.js';
import { type Author, commit, keysDocument, next, roleDocument } from '../../src/registry/revision.js';
import { summarize } from '../../src/registry/summary.js';
import { ANSWER_MATCHING } from '../../src/search/answers.js';
import { mcNemarExact, wilsonInterval } from '../../src/search/statistics.js';
import { encodeEnvelope, signEnvelope } from '../../src/trust/envelope.js';
import { formatDecimal } from '../../src/trust/predicates/terms.js';
import { encodePublicKey } from '../../src/trust/public-key.js';
import { keyOfSeed, type SigningKey } from '../../src/trust/signing-key.js';
import { createStatement, encodeStatement, STATEMENT_PAYLOAD_TYPE } from '../../src/trust/statement.js';

/** How many of what. */
export interface Size {
  readonly namespaces: number;
  readonly patchesEach: number;
  readonly versionsEach: number;
}

const subjects = ['calculus', 'primes', 'fractions', 'chemistry', 'grammar', 'history', 'units', 'logic'];
const FLIPS = 24;
const MADE_AT = '2026-01-02T03:04:05.000Z';

/** A key that signs with node:crypto: the same signatures as tweetnacl's, which would take minutes for so many. */
function quickKey(name: string): SigningKey {
  const seed = Buffer.from(sha256Hex(Buffer.from(name)), 'hex');
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { ...keyOfSeed(seed), sign: (bytes) => sign(null, bytes, secret) };
}

/** The flips of the n-th patch: rows of the model that ships. */
const flipsOf = (n: number): Flip[] =>
  Array.from({ length: FLIPS }, (_, i) => ({
    kind: 'row',
    tensor: `blk.${i % 6}.ffn_${i % 2 ? 'up' : 'gate'}.weight`,
    row: (n * 7 + i * 13 + (n >> 8)) % 512,
  }));

/** A bundle with its statement, and what an index says of it. */
function versionOf(at: Pick<Bundle, 'namespace' | 'name' | 'version'>, n: number, base: WeightsId, key: SigningKey) {
  const subject = subjects[n % subjects.length];
  const patch = createPatch(base, flipsOf(n));
  const id = patchId(patch);
  const [fixed, broke, keptRight] = [(n * 31) % 60, (n * 17) % 11, 40 + (n % 9)];
  const counts = { count: 150, fixed, broke, keptRight, keptWrong: 150 - fixed - broke - keptRight };
  const { low, high } = wilsonInterval(fixed, counts.count - keptRight - broke);
  const statement = createStatement('evaluation', id, {
    ...{ base, patches: [id], against: [], texts: [], matching: ANSWER_MATCHING, elapsedMs: 1000, createdAt: MADE_AT },
    engine: { name: 'bankai', version: '0.1.0' },
    probes: [
      {
        ...{ name: `${subject}-heldout.json`, sha256: sha256Hex(Buffer.from(subject)), role: 'heldout', ...counts },
        ...{
          rightBefore: keptRight + broke,
          rightAfter: keptRight + fixed,
          p: formatDecimal(mcNemarExact(fixed, broke)),
        },
        fixRate: { low: formatDecimal(low), high: formatDecimal(high) },
        categories: [{ category: subject, ...counts }],
      },
    ],
  });
  const envelope = encodeEnvelope(signEnvelope(STATEMENT_PAYLOAD_TYPE, encodeStatement(statement), key));
  const bundle: Bundle = {
    ...at,
    description: `${subject}: problems of kind ${n % 97}, searched on sixty examples and measured on what it never saw`,
    baseName: 'Worksheet 5M 1-bit',
    patch,
    evidence: [
      { kind: 'evaluation', digest: sha256Hex(envelope), bytes: envelope },
      { kind: 'key', digest: key.id, bytes: encodePublicKey(key.publicKey) },
    ],
  };
  const bytes = encodeBundle(bundle);
  const summary = summarize(bundle, [{ statement, signers: [key.id] }]);
  return { bytes, entry: { ...summary, sha256: sha256Hex(bytes), bytes: bytes.length } satisfies VersionEntry };
}

function write(directory: string, path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), bytes);
}

/** Makes a registry whose roles, and namespace `mathlab`, are the person's; the other namespaces are strangers'. */
export async function makeRegistry(directory: string, size: Size, base: WeightsId, person: SigningKey): Promise<void> {
  const owners = new Map<string, SigningKey>([['mathlab', person]]);
  for (let i = 1; i < size.namespaces; i++) owners.set(`lab-${String(i).padStart(3, '0')}`, quickKey(`lab ${i}`));
  const author: Author = {
    time: new Date(),
    ring: async ({ keys }) => [...owners.values()].filter(({ id }) => keys.some((key) => key.id === id)).slice(0, 1),
  };
  const alone = ({ publicKey }: SigningKey) => ({ keys: [publicKey], threshold: 1 });
  const top = alone(person);
  const empty = await createRegistry(directory, { root: top, targets: top, snapshot: top, timestamp: top }, author);
  const roles = [...owners].map(([name, key]) => [name, alone(key)] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  const targets = next('targets', empty.targets, author, {
    delegations: {
      keys: keysDocument(roles.map(([, role]) => role)),
      roles: roles.map(([name, role]) => ({
        ...{ ...roleDocument(role), name, paths: namespacePaths(name), terminating: true },
      })),
    },
  });
  await signMetadata(targets, 'targets', [top], author.ring);
  const changed = new Map([['targets', targets]]);
  let n = 0;
  for (const [namespace, key] of owners) {
    const packages = new Map<string, Map<string, VersionEntry>>();
    for (let i = 0; i < size.patchesEach; i++) {
      const name = `${subjects[i % subjects.length]}-${i}`;
      const versions = new Map<string, VersionEntry>();
      for (let j = 0; j < size.versionsEach; j++) {
        const version = `1.${j}.0`;
        const { bytes, entry } = versionOf({ namespace, name, version }, n++, base, key);
        write(directory, bundlePath(entry.sha256), bytes);
        versions.set(version, entry);
      }
      packages.set(name, versions);
    }
    const bytes = encodeIndex({ namespace, packages });
    const sha256 = sha256Hex(bytes);
    write(directory, targetPath(indexPath(namespace), sha256), bytes);
    const metadata = next('targets', undefined, author, {
      targets: { [indexPath(namespace)]: { length: bytes.length, hashes: { sha256 } } },
    });
    await signMetadata(metadata, namespace, [alone(key)], author.ring);
    changed.set(namespace, metadata);
  }
  await commit({ ...empty, targets }, changed, author);
}
