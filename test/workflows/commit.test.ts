/** What stops a commit, and what of it remains. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { branches } from '../../src/workflows/branch.js';
import { checkout } from '../../src/workflows/checkout.js';
import { commit, type CommitRequest } from '../../src/workflows/commit.js';
import { show } from '../../src/workflows/show.js';
import { verifyStack } from '../../src/workflows/verify.js';
import { createCli } from '../e2e/cli.js';
import { digestOf, fingerprint, makeSampleRepository, recorderAt, someProbes } from '../e2e/repository.js';

const cli = createCli();
const { directory } = cli;

const request = (branch: string, changes: Partial<CommitRequest> = {}): CommitRequest => ({
  message: branch,
  branch,
  probes: [{ name: 'few.json', bytes: Buffer.from(someProbes('calculus', 8)) }],
  controls: [],
  strategy: 'greedy',
  fitness: 'answer',
  seed: 1,
  budget: { iterations: 1_000 },
  threads: 1,
  ...changes,
});

beforeAll(() => makeSampleRepository(cli));

describe('an interrupted search', () => {
  test('is committed with what it found so far', async () => {
    const stop = new AbortController();
    const outcome = await commit(
      directory,
      request('found', { signal: stop.signal, onProgress: ({ accepted }) => accepted > 0 && stop.abort() }),
      recorderAt(cli),
    );
    expect(outcome).toMatchObject({ branch: 'found', stoppedBy: 'interrupted', accepted: 1, flips: 1 });
    const [{ statements }] = await show(directory, 'found');
    expect(statements[0].summary.join('\n')).toContain('stopped by interrupted');
    expect(await verifyStack(directory, 'HEAD')).toMatchObject({ ok: true });
  });

  test('is nothing when it found nothing', async () => {
    const before = fingerprint(directory);
    const searching = commit(directory, request('none', { signal: AbortSignal.abort() }), recorderAt(cli));
    await expect(searching).toFailWithCode('NOTHING_TO_COMMIT');
    expect(fingerprint(directory)).toEqual(before);
  });
});

test('a change in the worktree that the new commit would overwrite is found before the search', async () => {
  await checkout(directory, 'calc');
  const [folder] = readdirSync(join(directory, 'patches'));
  const [file] = readdirSync(join(directory, 'patches', folder));
  writeFileSync(join(directory, 'patches', folder, file), 'mine\n');
  const model = digestOf(join(directory, 'working.gguf'));
  let progress = 0;
  const searching = commit(directory, request('late', { onProgress: () => progress++ }), recorderAt(cli));
  await expect(searching).toFailWithCode('WORKTREE_DIRTY');
  expect([progress, digestOf(join(directory, 'working.gguf'))]).toEqual([0, model]);
  expect((await branches(directory)).map(({ name }) => name)).not.toContain('late');
});
