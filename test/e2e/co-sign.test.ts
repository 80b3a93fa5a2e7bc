/** Two people who stand for one statement, through a host between them, and a third whose policy wants both. */
import { beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePatch } from '../../src/patch/patch.js';
import type { PatchReport } from '../../src/render/show.js';
import { readEvidence } from '../../src/repo/state.js';
import { decodeEnvelope } from '../../src/trust/envelope.js';
import { readHead } from '../../src/repo/branch.js';
import { loadStack } from '../../src/workflows/stack.js';
import { openWorkspace } from '../../src/workflows/workspace.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import { plant, sealed, targetOf, wrongStatements } from '../trust/hostile-evidence.js';
import { type Cli, createCli } from './cli.js';
import { answerOf, fingerprint, makeSampleRepository, outputOf } from './repository.js';

const [ada, grace, bob] = [createCli(), createCli(), createCli()];
const host = join(temporaryDirectory(), 'host.git');

interface Key {
  readonly name: string;
  readonly id: string;
}
const keyOf = async (person: Cli): Promise<string> =>
  (await answerOf<Key[]>(person, ['key', 'list'], 'key-list'))[0].id;

/** How one of somebody's commands is refused. */
async function refusal(person: Cli, args: readonly string[]) {
  const { code, stdout } = await person.run([...args, '--json']);
  expect([args, code]).toEqual([args, 128]);
  return (JSON.parse(stdout) as { error: { code: string; message: string; hint: string } }).error;
}

/** What is said of Ada's patch on a branch of the host, as Bob sees it: kind, digest and who signed. */
async function saidAt(branch: string) {
  outputOf(await bob.run(['fetch']));
  const [{ statements }] = await answerOf<PatchReport[]>(bob, ['show', `origin/${branch}`]);
  return statements.map(({ kind, digest = '', signer, verified }) => ({ kind, digest, signer, verified }));
}

/** Names and ids of the keys of both, as `show` tells them: in the order of the ids. */
let both = '';

beforeAll(async () => {
  await makeSampleRepository(ada);
  runGit(ada.directory, 'init', '--quiet', '--bare', host);
  outputOf(await ada.run(['checkout', 'calc']));
  outputOf(await ada.run(['remote', 'add', 'origin', host]));
  for (const branch of ['calc', 'main']) outputOf(await ada.run(['push', 'origin', branch]));
  outputOf(await grace.run(['key', 'new']));
  outputOf(await grace.run(['clone', host, '.', '--model', fixtureModel, '-b', 'calc']));
  outputOf(await bob.run(['clone', host, '.', '--model', fixtureModel, '-b', 'main']));
  const keys: Key[] = [];
  for (const [name, person] of Object.entries({ ada, grace })) {
    const file = join(bob.directory, '.git', `${name}.pub`);
    writeFileSync(file, outputOf(await person.run(['key', 'export'])));
    outputOf(await bob.run(['trust', 'add', name, file]));
    keys.push({ name, id: await keyOf(person) });
  }
  both = keys
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ name, id }) => `${name} ${id}`)
    .join(', ');
  const folder = join(bob.env.XDG_CONFIG_HOME, 'bankai');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const policy = { format: 'bankai.policy/v1', mode: 'enforce', signers: 2 };
  writeFileSync(join(folder, 'policy.json'), JSON.stringify(policy));
});

test('what one signed alone is refused by a policy that wants two', async () => {
  const { code, message } = await refusal(bob, ['checkout', 'origin/calc']);
  expect([code, message]).toEqual(['POLICY_VIOLATION', expect.stringContaining('1 of 2 trusted signers')]);
});

test('a second person signs it by the digest that "show" tells, and it is one statement of both', async () => {
  const [before] = await saidAt('calc');
  const shown = outputOf(await grace.run(['show']));
  expect(shown).toContain(`(import ${before.digest.slice(0, 10)})`);
  outputOf(await grace.run(['attest', 'HEAD', '--co-sign', before.digest.slice(0, 10)]));
  outputOf(await grace.run(['push', 'origin', 'calc']));
  expect(await saidAt('calc')).toEqual([{ ...before, signer: both, verified: 'good' }]);
  const { warnings } = await answerOf<{ warnings: string[] }>(bob, ['checkout', 'origin/calc']);
  expect(warnings).toEqual([]);
  outputOf(await bob.run(['verify']));
  outputOf(await bob.run(['checkout', 'main']));
});

test('one envelope with the signatures of both says the same', async () => {
  const { repository } = await openWorkspace(grace.directory);
  const [[id, patch] = []] = (await loadStack(repository, 'calc')).loaded;
  if (id === undefined || patch === undefined) throw new Error('no patch');
  const files = await readEvidence(repository, (await readHead(repository)).commit, id);
  const envelopes = files.filter(({ kind }) => kind === 'import').map(({ bytes }) => decodeEnvelope(bytes));
  expect(envelopes.map(({ signatures }) => signatures.length)).toEqual([1, 1]);
  const signatures = envelopes.flatMap((envelope) => envelope.signatures);
  const keys = files.filter(({ kind }) => kind === 'key');
  expect(keys).toHaveLength(2);
  outputOf(await grace.run(['checkout', 'base']));
  await plant({ repository }, encodePatch(patch), id, [sealed({ ...envelopes[0], signatures }), ...keys]);
  outputOf(await grace.run(['push', 'origin', 'evil:one-envelope']));
  const [said, ...more] = await saidAt('one-envelope');
  expect([said, more]).toEqual([{ ...(await saidAt('calc'))[0], signer: both }, []]);
  outputOf(await bob.run(['checkout', 'origin/one-envelope']));
  outputOf(await bob.run(['checkout', 'main']));
});

test('a forged statement is co-signed by nobody, and nothing is written', async () => {
  const target = await targetOf(ada.directory);
  const attacks = wrongStatements(target).filter(({ name }) => name.startsWith('forged'));
  expect(attacks).toHaveLength(2);
  for (const { code, evidence } of attacks) {
    // As somebody could who uses plain git to get past the checks.
    runGit(ada.directory, 'checkout', '--quiet', '--detach', 'main');
    await plant(target, encodePatch(target.patch), target.id, evidence);
    runGit(ada.directory, 'checkout', '--quiet', 'evil');
    const before = fingerprint(ada.directory);
    expect(await refusal(ada, ['attest', target.id.slice(0, 10), '--co-sign', 'import'])).toMatchObject({ code });
    expect(fingerprint(ada.directory)).toEqual(before);
  }
});

test('a co-signer whose key is taken back counts no more, and signs nothing', async () => {
  outputOf(await grace.run(['checkout', 'calc']));
  outputOf(await grace.run(['key', 'revoke', 'personal', '--reason', 'stolen']));
  outputOf(await grace.run(['push', 'origin', 'calc']));
  const { code, message } = await refusal(bob, ['pull', 'origin', 'calc']);
  expect([code, message]).toEqual(['POLICY_VIOLATION', expect.stringContaining('1 of 2 trusted signers')]);
  expect(await refusal(grace, ['attest', 'HEAD', '--co-sign', 'import'])).toMatchObject({ code: 'KEY_REVOKED' });
});
