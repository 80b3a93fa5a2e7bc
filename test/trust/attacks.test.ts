/** What somebody could put into a repository to have it believed: each refused with its own code, and nothing written. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/errors.js';
import type { WeightsId } from '../../src/patch/ids.js';
import { createPatch, encodePatch, patchId } from '../../src/patch/patch.js';
import type { EvidenceFile } from '../../src/repo/state.js';
import { loadOrCreateKey } from '../../src/trust/keys.js';
import { distrustKey, trustKey } from '../../src/trust/trust.js';
import { checkout } from '../../src/workflows/checkout.js';
import { exportModel } from '../../src/workflows/export.js';
import { merge } from '../../src/workflows/merge.js';
import { verifyStack } from '../../src/workflows/verify.js';
import { createCli } from '../e2e/cli.js';
import { fingerprint, makeSampleRepository, recorderAt } from '../e2e/repository.js';
import { temporaryDirectory } from '../paths.js';
import { mallory, plant, revocation, sealed, type Target, targetOf, wrongStatements } from './hostile-evidence.js';

const cli = createCli();
/** The victim: nobody's key is in their directory but their own. */
const victim = { ...recorderAt(cli), keyDirectory: join(temporaryDirectory(), 'victim') };
let target: Target;

beforeAll(async () => {
  await makeSampleRepository(cli);
  target = await targetOf(cli.directory);
});

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

const evidenceOf = (what: string): readonly EvidenceFile[] =>
  wrongStatements(target).find(({ name }) => name === what)?.evidence ?? [];

describe('a statement that is', () => {
  test.each([
    ['forged: another signature', 'SIGNATURE_INVALID'],
    ['forged: another payload', 'SIGNATURE_INVALID'],
    ['truncated', 'STATEMENT_INVALID'],
    ['replayed from another patch', 'STATEMENT_MISMATCH'],
    ['about another base', 'STATEMENT_MISMATCH'],
    ['signed as something else', 'PAYLOAD_TYPE'],
    ['signed with S + L', 'SIGNATURE_MALLEABLE'],
    ['signed by a key of small order', 'KEY_WEAK'],
    ['signed by nobody', 'SIGNATURE_MISSING'],
    ['signed by a key that is not there', 'SIGNER_UNKNOWN'],
  ] as const)('%s is refused with %s', async (what, code) => {
    await plant(target, encodePatch(target.patch), target.id, evidenceOf(what));
    await expectRefused(code);
  });
});

describe('a revocation', () => {
  const planted = async (evidence: readonly EvidenceFile[]) =>
    plant(target, encodePatch(target.patch), target.id, [sealed(target.envelope), target.key, ...evidence]);
  const ada = () => loadOrCreateKey(recorderAt(cli).keyDirectory);

  test('of the patch by its author is obeyed', async () => {
    // Ada's key is in both, once.
    await planted(revocation(target, 'patch', target.id, await ada()).slice(0, 1));
    await expectRefused('REVOKED');
  });

  test('of the key of its author by itself is obeyed', async () => {
    const author = await ada();
    await planted(revocation(target, 'key', author.id, author));
    await expectRefused('REVOKED');
  });

  test('of a key that signed nothing there is refused', async () => {
    await planted(revocation(target, 'key', 'a'.repeat(64), mallory));
    await expectRefused('STATEMENT_MISMATCH');
  });

  test('by somebody else is not obeyed, until they are trusted', async () => {
    const author = await ada();
    await planted([
      revocation(target, 'patch', target.id, mallory)[0],
      ...revocation(target, 'key', author.id, mallory),
    ]);
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
    await plant(target, encodePatch(foreign), patchId(foreign), []);
    await expectRefused('BASE_MISMATCH');
  });

  test('not what its name says is refused', async () => {
    const other = createPatch(target.base, [{ kind: 'row', tensor: 'blk.0.ffn_up.weight', row: 1 }]);
    await plant(target, encodePatch(other), target.id, []);
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
  const localPath = () => join(target.repository.gitDirectory, 'bankai');

  test('is not loosened by another one, nor by files in the tree', async () => {
    place(victim.keyDirectory, JSON.stringify(strict));
    place(localPath(), lax);
    await plant(
      target,
      encodePatch(target.patch),
      target.id,
      [sealed(target.envelope), target.key],
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
