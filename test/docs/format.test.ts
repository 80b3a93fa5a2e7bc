/** Computes every worked example of docs/FORMAT.md anew, from what the document gives, and compares. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyEdits, maskEdits } from '../../src/checkout/edit.js';
import { decodeJournal, encodeJournal } from '../../src/checkout/journal.js';
import { planCheckout } from '../../src/checkout/plan.js';
import { derivedMetadata } from '../../src/gguf/derived.js';
import { describeTensors, weightsId } from '../../src/gguf/identity.js';
import { type Gguf, readGguf } from '../../src/gguf/read.js';
import { bytesSource, openFile } from '../../src/gguf/source.js';
import { decodeCompact, encodeCompact } from '../../src/patch/compact.js';
import { canonicalBytes } from '../../src/patch/canonical.js';
import { type PatchId, sha256Hex, type WeightsId } from '../../src/patch/ids.js';
import { importPatch } from '../../src/patch/interchange.js';
import { composeMask, emptyMask, type Mask } from '../../src/patch/mask.js';
import { decodePatch, encodePatch, type Patch, patchId } from '../../src/patch/patch.js';
import { pointBranch } from '../../src/repo/branch.js';
import { commitPatch } from '../../src/repo/commit-patch.js';
import { composeCommit } from '../../src/repo/compose.js';
import { type CreatedRepository, createRepository } from '../../src/repo/create-repository.js';
import { createDescriptor } from '../../src/repo/descriptor.js';
import type { CommitId } from '../../src/repo/ids.js';
import { readLocalState, writeLocalState } from '../../src/repo/local-state.js';
import { resolveStack } from '../../src/repo/resolve.js';
import { decodeEnvelope, encodeEnvelope, openEnvelope, signEnvelope } from '../../src/trust/envelope.js';
import { decodeKeyFile } from '../../src/trust/key-file.js';
import { decodePublicKey, encodePublicKey } from '../../src/trust/public-key.js';
import { formatDecimal } from '../../src/trust/predicates/terms.js';
import {
  createStatement,
  decodeStatement,
  encodeStatement,
  STATEMENT_PAYLOAD_TYPE,
} from '../../src/trust/statement.js';
import { schemaViolation } from '../../src/schema.js';
import { parseProbes } from '../../src/search/probes.js';
import { mcNemarExact, wilsonInterval } from '../../src/search/statistics.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import { example, exampleBytes, idAfter } from './document.js';

const model = exampleBytes('model');
const gguf = readGguf(bytesSource(model));
const base = idAfter('weights') as WeightsId;
const patchOf = (name: string): Patch => decodePatch(Buffer.from(example(name)), idAfter(name) as PatchId);
const [calc, math] = [patchOf('patch-calc'), patchOf('patch-math')];
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('the example model', () => {
  test('has the weights id, and the text behind it', () => {
    expect(weightsId(describeTensors(bytesSource(model), gguf))).toBe(base);
    expect(sha256Hex(Buffer.from(`${example('weights')}\n`))).toBe(base);
  });

  test.each([
    ['matrix-base', emptyMask],
    ['matrix-calc', composeMask([calc])],
    ['matrix-calc+math', composeMask([math, calc])],
  ])('%s', (name, mask) => {
    expect(matrixUnder(mask)).toBe(example(name));
  });

  test('says when exported what it is made of', () => {
    const patchIds = [patchId(calc), patchId(math)];
    const derived = derivedMetadata(gguf.metadata, {
      baseWeightsId: base,
      patchIds,
      stack: 'calc+math',
      version: '0.1.0',
    });
    const value = { string: 'text', u32: 'uint', array: 'texts' } as const;
    const lines = derived.entries.map(
      ({ key, type }) => `${key} ${type} ${JSON.stringify(derived[value[type as keyof typeof value]](key))}`,
    );
    expect(lines.join('\n')).toBe(example('export'));
  });
});

/** The blocks of the example's matrix under a mask, one a line. */
function matrixUnder(mask: Mask): string {
  const changed = Buffer.from(model);
  applyEdits(maskEdits(gguf, mask), changed, 0);
  const { byteOffset, byteLength } = gguf.tensor('blk.0.ffn_up.weight');
  const blocks = Array.from({ length: byteLength / 18 }, (_, i) =>
    changed.subarray(byteOffset + 18 * i).subarray(0, 18),
  );
  const pairs = (block: Buffer): string => block.toString('hex').replace(/..(?!$)/g, '$& ');
  return blocks.map((block, i) => `row ${Math.floor(i / 2)} group ${i % 2}  ${pairs(block)}`).join('\n');
}

describe('patches', () => {
  test.each(['patch-calc', 'patch-math', 'patch-order'])('%s is canonical and has its id', (name) => {
    expect(text(encodePatch(patchOf(name)))).toBe(example(name));
    expect(patchId(patchOf(name))).toBe(idAfter(name));
  });

  test('the compact form', () => {
    expect(Buffer.compare(encodeCompact(math), exampleBytes('compact-math'))).toBe(0);
    expect(patchId(decodeCompact(exampleBytes('compact-math'), base))).toBe(patchId(math));
  });

  test('the interchange file gives the same patch', () => {
    const shapeOf = (name: string) =>
      name === 'blk.0.ffn_up.weight' ? { type: 'Q1_0', rows: 3, groups: 2 } : undefined;
    expect(patchId(importPatch(Buffer.from(example('interchange-math')), base, shapeOf).patch)).toBe(patchId(math));
  });
});

describe('evidence', () => {
  const key = decodePublicKey(Buffer.from(example('public-key')));

  test('the key is made of its seed and signs the envelope, the same every time', async () => {
    const signing = await decodeKeyFile(Buffer.from(example('signing-key')), 'example').open();
    expect([signing.id, text(encodePublicKey(signing.publicKey))]).toEqual([
      idAfter('public-key'),
      example('public-key'),
    ]);
    const envelope = signEnvelope(STATEMENT_PAYLOAD_TYPE, Buffer.from(example('import-statement')), signing);
    expect(text(encodeEnvelope(envelope))).toBe(example('envelope'));
  });

  test('the envelope opens, and is about the patch', () => {
    const envelope = Buffer.from(example('envelope'));
    expect(sha256Hex(envelope)).toBe(idAfter('envelope'));
    expect(decodeEnvelope(envelope).signatures).toHaveLength(1);
    const { payload, signers } = openEnvelope(envelope, STATEMENT_PAYLOAD_TYPE, () => key);
    expect([text(payload), signers]).toEqual([example('import-statement'), [key.id]]);
    expect(text(encodeStatement(decodeStatement(payload, patchId(calc), base)))).toBe(example('import-statement'));
  });

  test('the search statement is one, and names the probe file', () => {
    const payload = canonicalBytes(JSON.parse(example('search-statement')) as object);
    expect(sha256Hex(payload)).toBe(idAfter('search-statement'));
    const { predicate } = decodeStatement(payload, patchId(math), base);
    const probes = parseProbes(Buffer.from(`${example('probes')}\n`), 'calculus.json');
    expect(predicate).toMatchObject({
      probes: [{ role: 'search', name: probes.name, sha256: probes.sha256, count: 1 }],
    });
  });

  test.each([
    ['review-statement', 'review', { verdict: 'approve' }],
    ['revocation-patch', 'revocation', { of: 'patch' }],
    ['revocation-key', 'revocation', { of: 'key' }],
  ] as const)('the %s is one, and about what it says', (name, kind, said) => {
    const payload = canonicalBytes(JSON.parse(example(name)) as object);
    expect(sha256Hex(payload)).toBe(idAfter(name));
    const statement = decodeStatement(payload, { patch: patchId(math), keys: new Set([key.id]) }, base);
    const subject = name === 'revocation-key' ? key.id : patchId(math);
    expect(statement).toMatchObject({ kind, patch: subject, predicate: said });
    const again = createStatement(kind, statement.patch, statement.predicate as never);
    expect(text(encodeStatement(again))).toBe(text(payload));
  });

  test('the evaluation statement is one, and its files and statistics are right', () => {
    const payload = canonicalBytes(JSON.parse(example('evaluation-statement')) as object);
    expect(sha256Hex(payload)).toBe(idAfter('evaluation-statement'));
    const statement = decodeStatement(payload, patchId(math), base);
    if (statement.kind !== 'evaluation') throw new Error(statement.kind);
    const probes = parseProbes(Buffer.from(`${example('probes')}\n`), 'calculus.json');
    const [{ fixed, broke, keptWrong, ...measured }] = statement.predicate.probes;
    const { low, high } = wilsonInterval(fixed, fixed + keptWrong);
    expect(measured).toMatchObject({
      ...{ name: probes.name, sha256: probes.sha256, count: 1 },
      p: formatDecimal(mcNemarExact(fixed, broke)),
      fixRate: { low: formatDecimal(low), high: formatDecimal(high) },
      categories: [{ category: probes.probes[0].category }],
    });
    const written = Buffer.from('One and one is two.\n\nTwo and two is four.\n');
    expect(statement.predicate.texts).toMatchObject([{ name: 'text.txt', sha256: sha256Hex(written) }]);
  });
});

test('the example template expands to what is listed', () => {
  const { probes } = parseProbes(Buffer.from(example('template')), 'template.json');
  expect(probes.map(({ prompt, correct }) => prompt + correct).join('\n')).toBe(example('template-expanded'));
});

describe('the example repository', () => {
  let created: CreatedRepository;
  let commits: { calc: CommitId; math: CommitId };

  beforeAll(async () => {
    created = await create(gguf, model);
    expect(text(canonicalBytes(createDescriptor(base, describeTensors(bytesSource(model), gguf))))).toBe(
      example('bankai.json'),
    );
    commits = {
      calc: await add(calc, 'calc', [
        { kind: 'import', digest: idAfter('envelope'), bytes: Buffer.from(example('envelope')) },
        { kind: 'key', digest: idAfter('public-key'), bytes: Buffer.from(example('public-key')) },
      ]),
      math: await add(math, 'math', []),
    };
  });

  async function add(patch: Patch, branch: string, evidence: Parameters<typeof commitPatch>[1]['evidence']) {
    const written = example(`commit-${branch}`);
    const [, seconds] = /^author .* (\d+) \+0000$/m.exec(written) as RegExpExecArray;
    const commit = await commitPatch(created.repository, {
      parent: created.root,
      patch,
      evidence,
      message: `${written.split('\n\n')[1]}\n`,
      author: { name: 'Ada', email: 'ada@example.org', timestamp: Number(seconds), timezoneOffset: 0 },
    });
    await pointBranch(created.repository, branch, commit);
    return commit;
  }

  const show = (commit: string): string => runGit(created.repository.directory, 'cat-file', 'commit', commit);

  test('its root commit', () => {
    expect([created.root, show(created.root)]).toEqual([idAfter('commit-root'), example('commit-root')]);
  });

  test('its commits, and the tree of one', () => {
    expect([commits.calc, show(commits.calc)]).toEqual([idAfter('commit-calc'), example('commit-calc')]);
    expect([commits.math, show(commits.math)]).toEqual([idAfter('commit-math'), example('commit-math')]);
    expect(runGit(created.repository.directory, 'ls-tree', '-r', commits.calc)).toBe(example('tree-calc'));
  });

  test('the commit of the composed stack, typed either way', async () => {
    for (const expression of ['calc+math', 'math + calc', 'base+math+calc']) {
      const stack = await composeCommit(created.repository, await resolveStack(created.repository, expression));
      expect([stack, show(stack)]).toEqual([idAfter('commit-stack'), example('commit-stack')]);
    }
  });

  test('the commit of a stack without some of its patches', async () => {
    for (const expression of ['calc+math --without calc', 'math+calc --without base --without calc']) {
      const stack = await composeCommit(created.repository, await resolveStack(created.repository, expression));
      expect([stack, show(stack)]).toEqual([idAfter('commit-without'), example('commit-without')]);
    }
  });

  test('its local state', async () => {
    writeFileSync(join(created.repository.gitDirectory, 'bankai', 'state.json'), example('state.json'));
    const state = await readLocalState(created.repository);
    expect(state).toMatchObject({ weightsId: base, root: created.root, patches: [patchId(calc)] });
    expect(state.file.byteLength).toBe(model.length);
  });

  test('the journal of a checkout', () => {
    const { edits } = planCheckout(gguf, emptyMask, composeMask([calc]));
    const before = edits.map(({ byteOffset, pattern }) => model.subarray(byteOffset, byteOffset + pattern.length));
    const after = { move: { from: created.root, to: commits.calc, branch: 'calc' }, patches: [patchId(calc)] };
    const journal = { fileSize: model.length, edits, before, after };
    expect(Buffer.compare(encodeJournal(journal), exampleBytes('journal'))).toBe(0);
    expect(decodeJournal(exampleBytes('journal')).after).toEqual(after);
  });
});

/** Makes a repository for a model and the local state that gives `base` its meaning. */
async function create(header: Gguf, bytes: Uint8Array): Promise<CreatedRepository> {
  const tensors = describeTensors(bytesSource(bytes), header);
  const descriptor = createDescriptor(weightsId(tensors), tensors);
  const directory = join(temporaryDirectory(), 'repository');
  const created = await createRepository({ directory, descriptor, model: 'working.gguf' });
  const file = { device: '1', inode: '2', byteLength: bytes.length, modifiedNs: '3' };
  const { weightsId: id } = descriptor.base;
  await writeLocalState(created.repository, {
    format: 'bankai.state/v1',
    model: 'working.gguf',
    weightsId: id,
    root: created.root,
    patches: [],
    file,
  });
  return created;
}

test('the model that ships has the weights id and the root commit', async () => {
  const source = openFile(fixtureModel);
  const bytes = new Uint8Array(source.size);
  source.readInto(bytes, 0);
  source.close();
  const header = readGguf(bytesSource(bytes));
  const { root } = await create(header, bytes);
  const id = weightsId(describeTensors(bytesSource(bytes), header));
  expect(`weights id   ${id}\nroot commit  ${root}`).toBe(example('fixture'));
});

test('the error is what the schema says', () => {
  expect(schemaViolation('error', JSON.parse(example('error')))).toBeUndefined();
});
