/** What others say about a patch: signed, beside it, and counted. */
import { beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadOrCreateKey } from '../../src/trust/keys.js';
import { readTrust, trustKey } from '../../src/trust/trust.js';
import { attest, coSign, revokePatch } from '../../src/workflows/attest.js';
import { checkout } from '../../src/workflows/checkout.js';
import { revokeKey } from '../../src/workflows/revoke-key.js';
import { show } from '../../src/workflows/show.js';
import { verifyStack } from '../../src/workflows/verify.js';
import { createCli } from '../e2e/cli.js';
import { fingerprint, makeSampleRepository, recorderAt, someProbes } from '../e2e/repository.js';
import { temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';

const cli = createCli();
const ada = recorderAt(cli);
const grace = { ...ada, keyDirectory: join(temporaryDirectory(), 'grace') };
const carol = { ...ada, keyDirectory: join(temporaryDirectory(), 'carol') };
const { directory } = cli;
/** The lines of the checklist of HEAD's patch as Carol sees it: name, result and what was found. */
async function checklist(stack = 'HEAD') {
  const { ok, patches } = await verifyStack(directory, stack, carol);
  const [{ checks }] = patches;
  const find = (name: string) =>
    checks.filter(({ check }) => check === name).map(({ result, detail }) => [result, detail]);
  return { ok, codes: checks.flatMap(({ code }) => code ?? []), find };
}

const review = { patch: 'HEAD', read: true, ran: false, verdict: 'approve' as const, heldOut: [], threads: 2 };

beforeAll(async () => {
  await makeSampleRepository(cli);
  await checkout(directory, 'calc');
  const keys = { ada: await loadOrCreateKey(ada.keyDirectory), grace: await loadOrCreateKey(grace.keyDirectory) };
  for (const [name, { publicKey }] of Object.entries(keys)) {
    await trustKey(carol.keyDirectory, { name, publicKey, scopes: [] });
  }
  const demand = { format: 'bankai.policy/v1', mode: 'enforce', trusted: true, evaluatedByOthers: true };
  mkdirSync(carol.keyDirectory, { recursive: true });
  writeFileSync(join(carol.keyDirectory, 'policy.json'), JSON.stringify(demand));
});

test('a policy that wants an evaluation by others refuses a patch without one', async () => {
  await checkout(directory, 'base');
  const before = fingerprint(directory);
  await expect(checkout(directory, 'calc', carol)).toFailWithCode('POLICY_VIOLATION');
  expect(fingerprint(directory)).toEqual(before);
  await checkout(directory, 'calc');
});

test('somebody who neither read nor ran it has nothing to say', async () => {
  await expect(attest(directory, { ...review, read: false }, grace)).toFailWithCode('STATEMENT_INVALID');
});

test('a statement of somebody else is signed too, is one of both, and satisfies a policy that wants two', async () => {
  const place = join(carol.keyDirectory, 'policy.json');
  const before = readFileSync(place);
  writeFileSync(place, JSON.stringify({ format: 'bankai.policy/v1', mode: 'enforce', signers: 2 }));
  runGit(directory, 'branch', 'signed', 'calc');
  await checkout(directory, 'base');
  await expect(checkout(directory, 'signed', carol)).toFailWithCode('POLICY_VIOLATION');
  await checkout(directory, 'signed');
  const coSigning = { patch: 'HEAD', statement: 'import' };
  await expect(coSign(directory, coSigning, ada)).toFailWithCode('NOTHING_TO_COMMIT');
  await expect(coSign(directory, { ...coSigning, statement: 'search' }, grace)).toFailWithCode('USAGE');
  const said = await coSign(directory, coSigning, grace);
  const [byAda, byGrace] = [await loadOrCreateKey(ada.keyDirectory), await loadOrCreateKey(grace.keyDirectory)];
  expect(said).toMatchObject({ signer: byGrace.id, coSigned: { kind: 'import', signers: [byAda.id] } });
  const again = { patch: 'HEAD', statement: said.coSigned.statement.slice(0, 10) };
  await expect(coSign(directory, again, grace)).toFailWithCode('NOTHING_TO_COMMIT');
  const { find } = await checklist();
  expect(find('signature')).toEqual([
    [
      'good',
      expect.stringMatching(
        /^import is validly signed by (ada|grace) \(trusted\) \w{10}, (ada|grace) \(trusted\) \w{10}$/,
      ),
    ],
  ]);
  expect(find('policy')).toEqual([['good', 'your policy has nothing against it (enforce)']]);
  await checkout(directory, 'base');
  expect((await checkout(directory, 'signed', carol)).warnings).toEqual([]);
  writeFileSync(place, before);
  await checkout(directory, 'calc');
});

test('a review with figures is told with the name of who signed it, and satisfies the policy', async () => {
  const heldOut = [{ name: 'few.json', bytes: Buffer.from(someProbes('calculus', 4)) }];
  const said = await attest(directory, { ...review, comment: 'gates only', heldOut }, grace);
  expect(said).toMatchObject({ branch: 'calc', ran: true, evaluation: { probes: [{ role: 'heldout', count: 4 }] } });
  const [{ statements }] = await show(directory, said.patch, carol.keyDirectory);
  expect(statements.map(({ kind, verified, signer }) => [kind, verified, signer.split(' ')[0]])).toEqual([
    ['import', 'good', 'ada'],
    ['evaluation', 'good', 'grace'],
    ['review', 'good', 'grace'],
  ]);
  expect(statements[2].summary).toEqual([expect.stringMatching(/^approves: read it and ran it/), 'gates only']);
  const { ok, find } = await checklist();
  expect([ok, find('signature').map(([result, detail]) => [result, detail.replace(/ \w{10}$/, '')])]).toEqual([
    true,
    [
      ['good', 'evaluation is validly signed by grace (trusted)'],
      ['good', 'import is validly signed by ada (trusted)'],
      ['good', 'review is validly signed by grace (trusted)'],
    ],
  ]);
  expect(find('evidence')).toEqual([
    ['warning', expect.stringMatching(/^held-out few\.json: \d to \d of 4 right .*, says grace$/)],
  ]);
  expect(find('review')).toEqual([['good', 'grace approves: read it and ran it: "gates only"']]);
  expect(find('policy')).toEqual([['good', 'your policy has nothing against it (enforce)']]);
  await checkout(directory, 'base');
  expect(await checkout(directory, 'calc', carol)).toMatchObject({ patches: 1, warnings: [] });
});

test('a key that is revoked counts no more, here and for who gets the repository', async () => {
  const { id } = await loadOrCreateKey(grace.keyDirectory);
  const told = await revokeKey(directory, { key: 'personal', reason: 'lost' }, grace);
  expect(told).toMatchObject({ id, signer: id, patches: 1 });
  expect((await readTrust(grace.keyDirectory)).revoked).toEqual(new Map([[id, 'lost']]));
  await expect(attest(directory, review, grace)).toFailWithCode('KEY_REVOKED');
  const { ok, codes, find } = await checklist();
  expect([ok, codes]).toEqual([false, ['POLICY_VIOLATION']]);
  expect(find('revoked')).toEqual([
    ['warning', `key ${id.slice(0, 10)} is revoked: lost; what it alone signed does not count`],
  ]);
  expect([find('evidence')[0][0], find('review')[0][0]]).toEqual(['none', 'none']);
  await checkout(directory, 'base');
  await expect(checkout(directory, 'calc', carol)).toFailWithCode('POLICY_VIOLATION');
  await checkout(directory, 'calc');
});

test('a patch that its author takes back is not checked out any more', async () => {
  const { patch } = await revokePatch(directory, { patch: 'HEAD', reason: 'breaks sums' }, ada);
  await checkout(directory, 'base');
  const refusal = checkout(directory, 'calc', ada);
  await expect(refusal).toFailWithCode('REVOKED');
  await expect(refusal).rejects.toMatchObject({ data: { patch, reason: 'breaks sums' } });
  const { ok, codes, find } = await checklist('calc');
  expect([ok, codes, find('revoked').at(-1)]).toEqual([
    false,
    ['REVOKED', 'POLICY_VIOLATION'],
    ['bad', 'is not to be used: breaks sums'],
  ]);
});
