/** What stops a commit, and what of it remains. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PatchId } from '../../src/patch/ids.js';
import { openRepository } from '../../src/repo/repository.js';
import { resolveStack } from '../../src/repo/resolve.js';
import { readState } from '../../src/repo/state.js';
import { branches } from '../../src/workflows/branch.js';
import { checkout } from '../../src/workflows/checkout.js';
import { commit, type CommitRequest } from '../../src/workflows/commit.js';
import { evaluate } from '../../src/workflows/eval.js';
import { checkEvidence } from '../../src/workflows/evidence.js';
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

describe('what a commit measures', () => {
  const file = (name: string, from: string, count: number) => ({ name, bytes: Buffer.from(someProbes(from, count)) });
  const text = { name: 'text.txt', bytes: Buffer.from('One day the brave farmer helped the king.\n\nx = 1\n') };
  const measured = (branch: string, changes: Partial<CommitRequest> = {}) =>
    commit(
      directory,
      request(branch, {
        budget: { flips: 1 },
        controls: [file('facts.json', 'knowledge', 4)],
        heldOut: [file('heldout.json', 'calculus-heldout', 6)],
        texts: [text],
        ...changes,
      }),
      recorderAt(cli),
    );

  test('is signed beside the search, shown, and what eval measures too', async () => {
    const { evaluation, patch } = await measured('measured');
    expect(evaluation).toMatchObject({
      probes: [
        { role: 'heldout', name: 'heldout.json', count: 6 },
        { role: 'control', name: 'facts.json', count: 4 },
      ],
      texts: [{ name: 'text.txt' }],
    });
    const [{ statements }] = await show(directory, 'measured');
    expect(statements.map(({ kind }) => kind)).toEqual(['search', 'evaluation']);
    expect(statements[1]).toMatchObject({ verified: 'unknown', evaluation });
    const again = await evaluate(directory, {
      ...{ stack: 'measured', against: 'base', texts: [text], threads: 1 },
      probes: [file('heldout.json', 'calculus-heldout', 6), file('facts.json', 'knowledge', 4)],
    });
    expect(again.texts).toEqual(evaluation?.texts);
    expect(again.probes).toMatchObject(evaluation?.probes.map(({ role: _, ...result }) => result) ?? []);
    const verified = await verifyStack(directory, 'HEAD');
    expect(verified).toMatchObject({ ok: true });
    const kinds = readdirSync(join(directory, 'evidence', patch.slice(0, 2), patch.slice(2))).map(
      (name) => name.split('.')[0],
    );
    expect(kinds.sort()).toEqual(['evaluation', 'key', 'probes', 'probes', 'probes', 'search', 'text']);
  });

  test('changes nothing in what is searched', async () => {
    const { patch } = await measured('unmeasured', { heldOut: [], texts: [] });
    const [{ id }] = await show(directory, 'measured');
    expect(patch).toBe(id);
  });

  test('is left out when it is interrupted, and the patch is kept', async () => {
    const stop = new AbortController();
    const outcome = await measured('hasty', { signal: stop.signal, onMeasure: () => stop.abort() });
    expect(outcome).toMatchObject({ flips: 1, unmeasured: 'interrupted' });
    expect(outcome.evaluation).toBeUndefined();
    const [{ statements }] = await show(directory, 'hasty');
    expect(statements.map(({ kind }) => kind)).toEqual(['search']);
    expect(await verifyStack(directory, 'HEAD')).toMatchObject({ ok: true });
  });

  test.each([
    ['probes', { heldOut: [file('few.json', 'calculus', 9)] }],
    ['controls', { heldOut: [file('facts.json', 'knowledge', 1)] }],
  ])('must not be held out from the %s alone by name', async (_what, changes) => {
    const before = fingerprint(directory);
    await expect(measured('seen', changes)).toFailWithCode('PROBES_OVERLAP');
    expect(fingerprint(directory)).toEqual(before);
  });

  test('must be a text', async () => {
    const empty = { name: 'empty.txt', bytes: Buffer.from('\n') };
    await expect(measured('empty', { texts: [empty] })).toFailWithCode('TEXT_INVALID');
  });
});

describe('on a stack', () => {
  test('a patch is searched, and recorded with the parents that it was found on', async () => {
    const repository = await openRepository(directory);
    const stack = await resolveStack(repository, 'calc+math');
    const budget = { iterations: 8 };
    const outcome = await commit(
      directory,
      request('both', { on: 'calc + math', strategy: 'guided', budget }),
      recorderAt(cli),
    );
    const patch = outcome.patch as PatchId;
    expect(await readState(repository, outcome.commit)).toEqual([...stack.patches, patch].sort());
    const { statements } = await checkEvidence(repository, outcome.commit, patch);
    expect(statements[0]).toMatchObject({ statement: { kind: 'search', predicate: { parents: stack.patches } } });
    expect(await verifyStack(directory, 'HEAD')).toMatchObject({ ok: true });
  });

  test('that nobody knows none is', async () => {
    const before = fingerprint(directory);
    await expect(commit(directory, request('lost', { on: 'calc+nobody' }), recorderAt(cli))).toFailWithCode(
      'UNKNOWN_REVISION',
    );
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
