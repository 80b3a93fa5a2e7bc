/** What Ada says of her patches and her keys, and what Bob's policy makes of it, in every command that brings patches in. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifyReport } from '../../src/render/verify.js';
import { publish } from '../../src/workflows/publish.js';
import { delegateNamespace, initRegistry } from '../../src/workflows/registry.js';
import { fixtureModel } from '../paths.js';
import { serveHostile } from '../registry/hostile-server.js';
import { runGit } from '../repo/sandbox.js';
import { createCli } from './cli.js';
import {
  answerOf,
  fingerprint,
  foreignPatch,
  makeSampleRepository,
  outputOf,
  parseAnswer,
  recorderAt,
  someProbes,
} from './repository.js';

const ada = createCli();
const bob = createCli();
const registry = join(ada.directory, '.git', 'registry');
const author = { ...recorderAt(ada), time: new Date(), days: 3650 };
const policyFile = join(bob.env.XDG_CONFIG_HOME, 'bankai', 'policy.json');

/** Bob's policy from now on, or none. */
function demand(policy?: Readonly<Record<string, unknown>>): void {
  mkdirSync(join(policyFile, '..'), { recursive: true, mode: 0o700 });
  if (policy) writeFileSync(policyFile, JSON.stringify({ format: 'bankai.policy/v1', ...policy }));
  else rmSync(policyFile, { force: true });
}

/** The code with which one of Bob's commands is refused, having changed nothing. */
async function refusal(args: readonly string[]): Promise<string> {
  const before = fingerprint(bob.directory);
  const { code, stdout } = await bob.run([...args, '--json']);
  expect([args, code]).toEqual([args, 128]);
  // What is fetched, and from where, is known; no branch, file or model has changed.
  const after = fingerprint(bob.directory);
  const changed = Object.keys({ ...before, ...after }).filter((path) => before[path] !== after[path]);
  expect(
    changed.filter((path) => !/^\.git\/(objects|refs\/remotes|FETCH_HEAD|logs\/refs\/remotes|bankai)/.test(path)),
  ).toEqual([]);
  return (JSON.parse(stdout) as { error: { code: string } }).error.code;
}

const warningsOf = async (args: readonly string[], schema = args[0]): Promise<string[]> =>
  (await answerOf<{ warnings: string[] }>(bob, args, schema)).warnings.map((line) => line.replace(/[0-9a-f]{10}/, 'X'));

const say = (...args: string[]) => ada.run(args);

beforeAll(async () => {
  await makeSampleRepository(ada);
  outputOf(await say('checkout', 'calc'));
  const { root } = await initRegistry({ directory: registry, rootKeys: [], threshold: 1, onlineKeys: [] }, author);
  await delegateNamespace(registry, { namespace: 'mathlab', keys: ['personal'], threshold: 1 }, author);
  await publish(ada.directory, { patch: 'math', as: 'mathlab/sums@1.0.0', registry }, author);
  const server = await serveHostile(registry);
  outputOf(await bob.run(['clone', ada.directory, '.', '--model', fixtureModel, '-b', 'main']));
  outputOf(await bob.run(['registry', 'add', server.url, '--root', root, '--as', 'lab']));
  // What was fetched is enough from here on.
  outputOf(await bob.run(['add', 'mathlab/sums', '-b', 'once']));
  outputOf(await bob.run(['checkout', 'main']));
  runGit(bob.directory, 'branch', '-D', 'once');
  rmSync(join(bob.directory, '.git', 'bankai', 'sources.json'));
  const line = outputOf(await say('key', 'export')).trim();
  writeFileSync(join(bob.directory, '.git', 'ada.pub'), line);
});

const out = () => join(bob.directory, '.git', 'out.gguf');
const third = () => join(bob.directory, '.git', 'third.json');

/** Every command that brings the patches of Ada into Bob's model or export. */
const ways = (): readonly (readonly string[])[] => [
  ['checkout', 'origin/calc'],
  ['merge', 'origin/calc'],
  ['cherry-pick', 'origin/calc'],
  ['pull', 'origin', 'calc'],
  ['export', 'origin/calc', '-o', out()],
  ['add', 'mathlab/sums', '-b', 'sums'],
];

describe('a policy that enforces', () => {
  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['whose patches come in', { trusted: true }],
    ['what of the model changes', { tensors: ['output.weight'] }],
  ])('%s is obeyed by every command', async (_, policy) => {
    demand({ mode: 'enforce', ...policy });
    for (const args of ways()) expect([args, await refusal(args)]).toEqual([args, 'POLICY_VIOLATION']);
    expect(existsSync(out())).toBe(false);
  });

  test('is obeyed by clone, which leaves nothing behind', async () => {
    demand({ mode: 'enforce', trusted: true });
    const cloned = ['clone', ada.directory, '.git/clone', '-b', 'calc', '--model', fixtureModel];
    expect(await refusal(cloned)).toBe('POLICY_VIOLATION');
    expect(existsSync(join(bob.directory, '.git', 'clone'))).toBe(false);
    demand({ mode: 'warn', trusted: true });
    expect(await warningsOf(cloned)).toEqual(['Patch X was made by nobody whom you trust']);
    rmSync(join(bob.directory, '.git', 'clone'), { recursive: true });
  });

  test('is obeyed by import, where it is about more than who signed', async () => {
    writeFileSync(third(), foreignPatch('third', [[4, 'up_proj', 9]]));
    demand({ mode: 'enforce', bits: 5 });
    expect(await refusal(['import', third(), '-b', 'third'])).toBe('POLICY_VIOLATION');
  });
});

test('a policy that warns is told by every command, and stops none', async () => {
  demand({ mode: 'warn', trusted: true, bits: 5 });
  const untrusted = ['Patch X was made by nobody whom you trust', expect.stringMatching(/^Patch X inverts \d+ bits/)];
  expect(await warningsOf(['checkout', 'origin/calc'])).toEqual(untrusted);
  expect(outputOf(await bob.run(['checkout', 'main']))).not.toContain('whom you trust');
  expect(await warningsOf(['merge', 'origin/calc'])).toEqual(untrusted);
  outputOf(await bob.run(['reset', '--hard', 'origin/main']));
  expect(await warningsOf(['pull', 'origin', 'calc'])).toEqual(untrusted);
  outputOf(await bob.run(['reset', '--hard', 'origin/main']));
  expect(await warningsOf(['export', 'origin/calc', '-o', out()])).toEqual(untrusted);
  expect(await warningsOf(['add', 'mathlab/sums', '-b', 'sums'])).toEqual(untrusted);
  expect(await warningsOf(['import', third(), '-b', 'third'])).toEqual([untrusted[1]]);
  expect(outputOf(await bob.run(['checkout', 'main']))).not.toContain('whom you trust');
});

test('a policy that is off demands nothing, and what is wrong is wrong for all', async () => {
  demand({ mode: 'off', trusted: true });
  expect(await warningsOf(['checkout', 'origin/calc'])).toEqual([]);
  outputOf(await bob.run(['checkout', 'main']));
});

test('a key that is trusted for a namespace alone counts for what was added from it, and for nothing else', async () => {
  const key = join(bob.directory, '.git', 'ada.pub');
  outputOf(await bob.run(['trust', 'add', 'ada', key, '--namespace', 'mathlab']));
  demand({ mode: 'enforce', trusted: true });
  expect(await refusal(['checkout', 'origin/calc'])).toBe('POLICY_VIOLATION');
  // A clone does not say from where a patch was added: who is refused for that is told.
  expect((await bob.run(['checkout', 'origin/calc'])).stderr.replace(/\s+/g, ' ')).toContain(
    '"ada" signed it, whom you trust for namespace:mathlab alone',
  );
  outputOf(await bob.run(['branch', '-D', 'sums']));
  expect(await warningsOf(['add', 'mathlab/sums', '-b', 'sums'])).toEqual([]);
  const { ok, subjects } = await answerOf<VerifyReport>(bob, ['verify']);
  expect(ok).toBe(true);
  expect(subjects[0].patches[0].checks).toContainEqual({
    ...{ check: 'signature', result: 'good' },
    detail: expect.stringMatching(/signed by ada \(trusted for namespace:mathlab\) \w{10}$/),
  });
  // And it counts on, in this clone.
  outputOf(await bob.run(['checkout', 'main']));
  expect(await warningsOf(['checkout', 'sums'])).toEqual([]);
  outputOf(await bob.run(['checkout', 'main']));
});

test('it counts for what was cloned too, once the registry was seen to publish it', async () => {
  const carol = createCli();
  const places = ['registries', 'trusted-keys.json', 'policy.json'];
  for (const place of places) {
    cpSync(join(policyFile, '..', place), join(carol.env.XDG_CONFIG_HOME, 'bankai', place), { recursive: true });
  }
  const seen = join(carol.env.XDG_CONFIG_HOME, 'bankai', 'registries', 'lab', 'indexes');
  const indexes = readFileSync(seen);
  rmSync(seen);
  const cloning = ['clone', bob.directory, '.', '-b', 'sums', '--model', fixtureModel];
  const refused = await carol.run(cloning);
  expect([refused.code, refused.stderr.replace(/\s+/g, ' ')]).toEqual([
    128,
    expect.stringMatching(
      /"ada" signed it, whom you trust for namespace:mathlab alone, .* look into the registry with "bankai search"/,
    ),
  ]);
  expect(readdirSync(carol.directory)).toEqual([]);
  // As a search leaves it; the registry itself is not asked.
  writeFileSync(seen, indexes);
  outputOf(await carol.run(cloning));
  const { ok, subjects } = await answerOf<VerifyReport>(carol, ['verify']);
  expect([ok, JSON.stringify(subjects)]).toEqual([
    true,
    expect.stringContaining('signed by ada (trusted for namespace:mathlab)'),
  ]);
  // What no registry publishes is not let in by it, whoever signed it.
  outputOf(await carol.run(['remote', 'add', 'ada', ada.directory]));
  outputOf(await carol.run(['fetch', 'ada']));
  expect((await carol.run(['checkout', 'ada/calc'])).stderr).toContain('made by nobody whom you trust');
});

test('a patch that somebody else evaluated and approved is let in; one that is revoked is not', async () => {
  outputOf(await bob.run(['trust', 'add', 'ada', join(bob.directory, '.git', 'ada.pub')]));
  demand({ mode: 'enforce', evaluatedByOthers: true, reviews: 1 });
  expect(await refusal(['checkout', 'origin/calc'])).toBe('POLICY_VIOLATION');
  // Grace works in Ada's repository, with a key of her own.
  outputOf(await say('key', 'new', 'grace'));
  writeFileSync(join(ada.directory, '.git', 'exam.json'), someProbes('calculus-heldout', 4));
  const review = ['attest', 'HEAD', '--read', '--verdict', 'approve', '--comment', 'small', '--key', 'grace'];
  const said = parseAnswer('attest', outputOf(await say(...review, '--heldout', '.git/exam.json', '--json')));
  expect(said).toMatchObject({ verdict: 'approve', read: true, ran: true, evaluation: { probes: [{ count: 4 }] } });
  const grace = outputOf(await say('key', 'export', 'grace')).trim();
  outputOf(await bob.run(['trust', 'add', 'grace', grace]));
  outputOf(await bob.run(['fetch']));
  expect(await warningsOf(['checkout', 'origin/calc'])).toEqual([]);

  // What is in the model already is not torn out, but told of.
  const revoked = parseAnswer('attest', outputOf(await say('attest', 'HEAD', '--revoke', 'breaks sums', '--json')));
  expect(revoked).toMatchObject({ reason: 'breaks sums' });
  expect(await warningsOf(['pull', 'origin', 'calc'])).toEqual(['Patch X was revoked: breaks sums']);
  outputOf(await bob.run(['checkout', 'main']));
  expect(await refusal(['checkout', 'origin/calc'])).toBe('REVOKED');
  expect(await refusal(['export', 'origin/calc', '-o', out(), '--force'])).toBe('REVOKED');
  const { code, stdout } = await bob.run(['verify', 'origin/calc']);
  expect([code, stdout]).toEqual([1, expect.stringContaining('is not to be used: breaks sums')]);
});

test('a key that is revoked is marked, signs nothing, and is believed no more', async () => {
  const told = parseAnswer('key-revoke', outputOf(await say('key', 'revoke', 'grace', '--reason', 'lost', '--json')));
  expect(told).toMatchObject({ name: 'grace', reason: 'lost', patches: 1 });
  expect(outputOf(await say('key', 'list'))).toMatch(/^ {2}grace {5}\w{16} {4}revoked: lost\n\* personal/m);
  const refused = await say('attest', 'HEAD', '--ran', '--verdict', 'reject', '--key', 'grace', '--json');
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'KEY_REVOKED' } });
  outputOf(await bob.run(['fetch']));
  const { subjects } = parseAnswer<VerifyReport>('verify', (await bob.run(['verify', 'origin/calc', '--json'])).stdout);
  const found = subjects[0].patches[0].checks.filter(({ check }) => check === 'revoked' || check === 'review');
  expect(found.map(({ result, detail }) => [result, detail.replace(/\w{10}/, 'X')])).toEqual([
    ['none', 'nobody has reviewed it'],
    ['warning', 'key X is revoked: lost; what it alone signed does not count'],
    ['bad', 'is not to be used: breaks sums'],
  ]);
  // Bob forgets Grace: that blocks nothing, and does not bring her back.
  outputOf(await bob.run(['key', 'revoke', 'grace', '--reason', 'told me']));
  expect(outputOf(await bob.run(['trust', 'list']))).toMatch(/grace .*revoked: told me/);
  outputOf(await bob.run(['trust', 'remove', 'grace']));
  expect(outputOf(await bob.run(['trust', 'list']))).not.toContain('grace');
  const grace = outputOf(await say('key', 'export', 'grace')).trim();
  outputOf(await bob.run(['trust', 'add', 'grace', grace]));
  expect(outputOf(await bob.run(['trust', 'list']))).toMatch(/grace .*revoked: told me/);
});
