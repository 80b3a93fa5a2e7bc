/** What was signed, done again: the same to the last digit, or told where not. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../src/patch/ids.js';
import { readHead } from '../../src/repo/branch.js';
import { loadOrCreateKey } from '../../src/trust/keys.js';
import type { SearchPredicate } from '../../src/trust/predicates/search.js';
import { createStatement } from '../../src/trust/statement.js';
import { attest } from '../../src/workflows/attest.js';
import { checkout } from '../../src/workflows/checkout.js';
import { commit, type CommitOutcome, type CommitRequest } from '../../src/workflows/commit.js';
import { checkEvidence } from '../../src/workflows/evidence.js';
import { recordChange } from '../../src/workflows/record.js';
import { replay, type ReplayRequest } from '../../src/workflows/replay.js';
import { loadStack } from '../../src/workflows/stack.js';
import { changeWorkspace } from '../../src/workflows/workspace.js';
import { createCli } from '../e2e/cli.js';
import { fingerprint, makeSampleRepository, recorderAt, someProbes } from '../e2e/repository.js';
import { runGit } from '../repo/sandbox.js';

const cli = createCli();
const recorder = recorderAt(cli);
const { directory } = cli;

const file = (name: string, set: string, count: number) => ({ name, bytes: Buffer.from(someProbes(set, count)) });
const [few, sums, exam] = [
  file('few.json', 'calculus', 8),
  file('sums.json', 'arithmetic', 4),
  file('exam.json', 'calculus-heldout', 6),
];

const search = (branch: string, changes: Partial<CommitRequest> = {}): Promise<CommitOutcome> =>
  commit(
    directory,
    {
      ...{ message: branch, branch, probes: [few], controls: [], strategy: 'greedy', fitness: 'answer' },
      ...{ seed: 1, budget: { iterations: 12 }, threads: 2 },
      ...changes,
    },
    recorder,
  );

const again = (patch: string, changes: Partial<ReplayRequest> = {}) =>
  replay(directory, { patch, files: [], evaluationOnly: false, threads: 1, ...changes }, recorder);

/** Signs another search statement about the patch of HEAD, as if it had been found so. */
async function claim(change: (predicate: SearchPredicate) => SearchPredicate): Promise<void> {
  await changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const onto = await readHead(repository);
    const [[id, patch]] = (await loadStack(repository, 'HEAD')).loaded;
    const { statements } = await checkEvidence(repository, onto.commit, id);
    const found = statements.flatMap((check) =>
      'statement' in check && check.statement.kind === 'search' ? [check.statement.predicate] : [],
    );
    const statement = createStatement('search', id, change(found[0]));
    const added = [{ patch, statements: [statement], files: [] }];
    await recordChange(workspace, { added, removed: [], message: 'claim', onto }, recorder);
  });
}

beforeAll(() => makeSampleRepository(cli));

describe('a replay', () => {
  let found: CommitOutcome;

  beforeAll(async () => {
    const text = { name: 'text.txt', bytes: Buffer.from('The capital of Peru is Lima.\n\nTwo and two is four.\n') };
    found = await search('greedy', { heldOut: [exam], controls: [file('facts.json', 'knowledge', 3)], texts: [text] });
  });

  test('gives the same patch and the same evidence on any number of threads, and changes nothing', async () => {
    const before = fingerprint(directory);
    const report = await again('greedy');
    expect(report).toMatchObject({ patch: found.patch, reproduced: true });
    const { id } = await loadOrCreateKey(recorder.keyDirectory);
    const signer = `personal (yours) ${id.slice(0, 10)}`;
    expect(report.runs.map((run) => [run.kind, run.signer, run.differences, run.patch])).toEqual([
      ['search', signer, [], found.patch],
      ['evaluation', signer, [], undefined],
    ]);
    expect(report.runs[1].evaluation).toEqual(found.evaluation);
    expect(fingerprint(directory)).toEqual(before);
  });

  test('may leave the search out', async () => {
    const { runs, reproduced } = await again(found.patch.slice(0, 8), { evaluationOnly: true });
    expect([reproduced, runs.map(({ kind }) => kind)]).toEqual([true, ['evaluation']]);
  });

  test('can be interrupted', async () => {
    const stop = new AbortController();
    const interrupted = again('greedy', { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(interrupted).toFailWithCode('INTERRUPTED');
  });

  test('finds files that are not beside the patch by their digests, or names the one that is nowhere', async () => {
    const folder = join(directory, 'evidence', found.patch.slice(0, 2), found.patch.slice(2));
    const gone = readdirSync(folder).filter((name) => name.startsWith('probes.'));
    runGit(directory, 'rm', '--quiet', ...gone.map((name) => join(folder, name)));
    runGit(directory, 'commit', '--quiet', '--message', 'without probes');
    const asked: string[] = [];
    const find = async (name: string) => {
      asked.push(name);
      return name === 'exam.json' ? [sums.bytes, exam.bytes] : [];
    };
    const facts = file('other-name.json', 'knowledge', 3);
    const missing = again('greedy', { files: [facts], find });
    await expect(missing).toFailWithCode('FILE_NOT_FOUND');
    await expect(missing).rejects.toMatchObject({ data: { name: 'few.json', sha256: sha256Hex(few.bytes) } });
    expect(await again('greedy', { files: [facts, few], find })).toMatchObject({ reproduced: true });
    expect(new Set(asked)).toEqual(new Set(['few.json', 'exam.json']));
    runGit(directory, 'reset', '--quiet', '--hard', 'HEAD~1');
  });

  test('says which fields of a record are other than what comes out', async () => {
    await claim((predicate) => ({ ...predicate, seed: predicate.seed + 1 }));
    const { reproduced, runs } = await again('greedy');
    expect(reproduced).toBe(false);
    const searches = runs.filter(({ kind }) => kind === 'search');
    expect(searches.map((run) => [run.reproduced, run.patch === found.patch]).sort()).toEqual([
      [false, false],
      [true, true],
    ]);
    const [odd] = searches.filter((run) => !run.reproduced);
    expect(odd.differences.map(({ field }) => field)).toContain('result.objectiveAfter');
  });

  test('refuses settings that this version does not have', async () => {
    await claim(({ strategy, ...rest }) => ({
      ...rest,
      strategy: { ...strategy, settings: { ...strategy.settings, boldness: 2 } },
    }));
    await expect(again('greedy')).toFailWithCode('REPLAY_UNSUPPORTED');
    expect(await again('greedy', { evaluationOnly: true })).toMatchObject({ reproduced: true });
  });
});

test('a guided search for two sets on top of a stack is replayed, wherever the stack is', async () => {
  const { patch } = await search('both', {
    ...{ on: 'calc+math', strategy: 'guided', budget: { iterations: 4 }, layers: [1, 2] },
    ...{ probes: [few, sums], heldOut: [exam] },
  });
  expect(await again(patch.slice(0, 8))).toMatchObject({ patch, reproduced: true, runs: [{ patch }, {}] });
});

test('a search that time ended is replayed for as many trials', async () => {
  await search('hasty', { budget: { iterations: 12 } });
  await claim(({ result, ...rest }) => ({
    ...{ ...rest, budget: { milliseconds: 1 } },
    result: { ...result, stoppedBy: 'time' },
  }));
  const { runs, reproduced } = await again('hasty');
  expect([reproduced, runs.length]).toEqual([true, 2]);
});

test('what was imported has nothing to replay but its measurements', async () => {
  await checkout(directory, 'calc+math');
  await expect(again('calc+math')).toFailWithCode('USAGE');
  await expect(again('calc')).toFailWithCode('NOTHING_TO_REPLAY');
  await checkout(directory, 'calc');
  await expect(again('calc', { evaluationOnly: true })).toFailWithCode('NOTHING_TO_REPLAY');
  const review = { patch: 'HEAD', read: false, ran: true, verdict: 'approve' as const, heldOut: [exam], threads: 2 };
  await attest(directory, review, recorder);
  expect(await again('calc', { evaluationOnly: true })).toMatchObject({ reproduced: true });
});
