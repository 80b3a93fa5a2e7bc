/** A merge that searches a patch on top of what it brought together. */
import { beforeAll, expect, test } from '@jest/globals';
import { readHead } from '../../src/repo/branch.js';
import { readCommit } from '../../src/repo/object.js';
import { resolveStack } from '../../src/repo/resolve.js';
import { readState } from '../../src/repo/state.js';
import type { SearchProgress } from '../../src/search/strategy.js';
import { checkout } from '../../src/workflows/checkout.js';
import { commit } from '../../src/workflows/commit.js';
import { checkEvidence } from '../../src/workflows/evidence.js';
import { mergeAndSearch } from '../../src/workflows/merge-search.js';
import { replay } from '../../src/workflows/replay.js';
import { switchTo } from '../../src/workflows/switch.js';
import { openWorkspace } from '../../src/workflows/workspace.js';
import { createCli } from '../e2e/cli.js';
import { fingerprint, makeSampleRepository, recorderAt, someProbes } from '../e2e/repository.js';

const cli = createCli();
const { directory } = cli;
const file = (name: string, count: number) => ({ name: `${name}.json`, bytes: Buffer.from(someProbes(name, count)) });
const search = { budget: { iterations: 12 }, threads: 1 };

beforeAll(async () => {
  await makeSampleRepository(cli);
  const settings = { strategy: 'guided', fitness: 'answer', seed: 1, budget: { iterations: 12 }, threads: 1 } as const;
  for (const [branch, probes, controls] of [
    ['sums', file('arithmetic', 7), []] as const,
    ['rules', file('calculus', 7), [file('arithmetic', 7), file('knowledge', 6)]] as const,
  ]) {
    await commit(directory, { message: branch, branch, probes: [probes], controls, ...settings }, recorderAt(cli));
  }
});

test('searches with the probes and controls of both sides, on top of all their patches', async () => {
  await checkout(directory, 'sums');
  const { mend, ...merged } = await mergeAndSearch(directory, { stack: 'rules', ...search }, recorderAt(cli));
  expect(merged).toMatchObject({ result: 'merged', branch: 'sums', patches: 2 });
  expect(mend).toMatchObject({ branch: 'sums', message: 'Mend what merging rules lost' });
  const { repository } = await openWorkspace(directory);
  const { commit: head } = await readHead(repository);
  const { parents } = await readCommit(repository, head);
  expect([head, parents]).toEqual([mend?.commit, [merged.commit]]);
  const below = await readState(repository, merged.commit);
  const [id] = (await readState(repository, head)).filter((id) => !below.includes(id));
  const { statements } = await checkEvidence(repository, head, id);
  const check = statements.find(({ kind }) => kind === 'search');
  if (check === undefined || 'error' in check || check.statement.kind !== 'search') throw new Error('not searched');
  const { parents: patches, probes } = check.statement.predicate;
  expect(patches).toEqual(below);
  // What one side searched for is no control, though the other side had it as one.
  expect(probes.map(({ role, name, count }) => `${role} ${name} ${count}`)).toEqual([
    'search arithmetic.json 7',
    'search calculus.json 7',
    'control knowledge.json 6',
  ]);
  const replaying = { patch: id.slice(0, 10), files: [], evaluationOnly: false, threads: 1 };
  expect(await replay(directory, replaying, recorderAt(cli))).toMatchObject({ patch: id, reproduced: true });
});

test('goes on after an interruption, to the same patch', async () => {
  const stack = 'rules';
  const stateAt = async (expression: string) =>
    (await resolveStack((await openWorkspace(directory)).repository, expression)).patches;
  await switchTo(directory, { name: 'again', start: 'sums~2' });
  await expect(mergeAndSearch(directory, { stack, ...search, resume: true }, recorderAt(cli))).toFailWithCode(
    'CHECKPOINT_MISSING',
  );
  expect(await stateAt('again')).toEqual(await stateAt('sums~2'));
  const stop = new AbortController();
  const onProgress = ({ iterations }: SearchProgress) => {
    if (iterations >= 4) stop.abort();
  };
  const interrupted = { stack, ...search, signal: stop.signal, onProgress };
  await expect(mergeAndSearch(directory, interrupted, recorderAt(cli))).toFailWithCode('INTERRUPTED');
  expect(await stateAt('again')).toEqual(await stateAt('sums~1'));
  const resumed = { stack, ...search, resume: true };
  const { result, mend } = await mergeAndSearch(directory, resumed, recorderAt(cli));
  expect([result, mend?.branch]).toEqual(['up-to-date', 'again']);
  expect(await stateAt('again')).toEqual(await stateAt('sums'));
});

test('merges nothing where neither side was searched', async () => {
  await checkout(directory, 'calc');
  const before = fingerprint(directory);
  const merging = mergeAndSearch(directory, { stack: 'math', ...search }, recorderAt(cli));
  await expect(merging).toFailWithCode('PROBES_UNUSABLE');
  expect(fingerprint(directory)).toEqual(before);
});
