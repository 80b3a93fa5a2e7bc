/** What stops a commit, and what of it remains. */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SearchError } from '../../src/errors.js';
import type { PatchId } from '../../src/patch/ids.js';
import { openRepository } from '../../src/repo/repository.js';
import { resolveStack } from '../../src/repo/resolve.js';
import { readState } from '../../src/repo/state.js';
import type { SearchProgress } from '../../src/search/strategy.js';
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

const checkpoints = (): string[] => {
  const folder = join(directory, '.git', 'bankai', 'checkpoints');
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};

describe.each(['greedy', 'guided'] as const)('an interrupted %s search', (strategy) => {
  // A guided search ranks all units before it tries any, which takes far longer.
  const budget = { iterations: strategy === 'guided' ? 8 : 24 };
  const searched = (branch: string, changes: Partial<CommitRequest> = {}) =>
    request(branch, { strategy, budget, ...changes });

  test('changes nothing, keeps a checkpoint, and goes on from it to the same patch', async () => {
    const before = fingerprint(directory);
    const stop = new AbortController();
    const interrupted = commit(
      directory,
      searched(`${strategy}-twice`, {
        signal: stop.signal,
        onProgress: ({ accepted }) => accepted > 0 && stop.abort(),
      }),
      recorderAt(cli),
    );
    await expect(interrupted).toFailWithCode('INTERRUPTED');
    const after = fingerprint(directory);
    for (const [path, content] of Object.entries(before)) expect([path, after[path]]).toEqual([path, content]);
    expect(checkpoints()).toHaveLength(1);
    const iterations: number[] = [];
    const onProgress: CommitRequest['onProgress'] = (progress) => void iterations.push(progress.iterations);
    const resumed = await commit(
      directory,
      searched(`${strategy}-twice`, { resume: true, onProgress }),
      recorderAt(cli),
    );
    expect(checkpoints()).toEqual([]);
    const whole = await commit(directory, searched(`${strategy}-once`), recorderAt(cli));
    expect(resumed).toEqual({
      ...whole,
      ...{ branch: `${strategy}-twice`, message: `${strategy}-twice` },
      commit: resumed.commit,
      elapsedMs: resumed.elapsedMs,
    });
    expect(resumed.patch).toBe(whole.patch);
    expect(await verifyStack(directory, 'HEAD')).toMatchObject({ ok: true });
  });

  test('is recorded with what it found so far when its budget is cut to that', async () => {
    const stop = new AbortController();
    const name = `${strategy}-cut`;
    const signal = { signal: stop.signal, onProgress: ({ accepted }: SearchProgress) => accepted > 0 && stop.abort() };
    const error = await commit(directory, searched(name, signal), recorderAt(cli)).catch(
      (thrown: SearchError) => thrown,
    );
    const { iterations, flips } = (error as SearchError).data as { iterations: number; flips: number };
    const outcome = await commit(directory, searched(name, { resume: true, budget: { iterations } }), recorderAt(cli));
    expect(outcome).toMatchObject({ branch: name, iterations, stoppedBy: 'iterations' });
    // Probes that a guided search held back may have taken some of the flips back.
    expect(outcome.flips).toBeGreaterThan(0);
    expect(outcome.flips).toBeLessThanOrEqual(flips);
    expect(checkpoints()).toEqual([]);
  });
});

describe('a checkpoint', () => {
  const interrupt = async (branch: string, changes: Partial<CommitRequest> = {}) => {
    const stop = new AbortController();
    const signal = { signal: stop.signal, onProgress: () => stop.abort() };
    await expect(commit(directory, request(branch, { ...signal, ...changes }), recorderAt(cli))).toFailWithCode(
      'INTERRUPTED',
    );
  };
  const resume = (changes: Partial<CommitRequest> = {}) =>
    commit(directory, request('resumed', { resume: true, budget: { iterations: 1 }, ...changes }), recorderAt(cli));

  afterEach(() => checkpoints().forEach((path) => rmSync(path)));

  test('that is not there is missed', async () => {
    await expect(resume()).toFailWithCode('CHECKPOINT_MISSING');
  });

  test('of another search is refused, and what differs is said', async () => {
    await interrupt('first');
    await expect(resume({ seed: 2 })).rejects.toThrow('the most similar one differs in seed');
    await expect(resume({ fitness: 'gap', layers: [1] })).rejects.toThrow('differs in fitness, layers');
    expect(checkpoints()).toHaveLength(1);
  });

  test.each([
    ['cut', (text: string) => text.slice(0, text.length / 2)],
    ['changed', (text: string) => text.replace(/"ms":/, '"ms":1')],
    ['of another format', (text: string) => text.replace('checkpoint/v1', 'checkpoint/v2')],
  ])('that is %s is refused, and a search without --resume does without it', async (_what, damage) => {
    await interrupt('first');
    const [path] = checkpoints();
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    await expect(resume()).toFailWithCode('CHECKPOINT_INVALID');
    await interrupt('first');
    expect(checkpoints()).toEqual([path]);
  });

  test('is not replaced by a shorter one of the same search that was begun anew', async () => {
    let count = 0;
    const stop = new AbortController();
    await interrupt('long', { signal: stop.signal, onProgress: () => ++count === 5 && stop.abort() });
    const [path] = checkpoints();
    const long = readFileSync(path, 'utf8');
    await interrupt('short');
    expect(readFileSync(path, 'utf8')).toBe(long);
  });

  test('goes when there is nothing to commit', async () => {
    const solved = [{ name: 'solved.json', bytes: Buffer.from(someProbes('knowledge', 4)) }];
    const search = request('none', { probes: solved, budget: { iterations: 1 } });
    await expect(commit(directory, search, recorderAt(cli))).toFailWithCode('NOTHING_TO_COMMIT');
    expect(checkpoints()).toEqual([]);
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

  test('may be interrupted: the search is not lost', async () => {
    const stop = new AbortController();
    const interrupted = measured('hasty', { signal: stop.signal, onMeasure: () => stop.abort() });
    await expect(interrupted).toFailWithCode('INTERRUPTED');
    const outcome = await measured('hasty', { resume: true });
    expect(outcome).toMatchObject({ branch: 'hasty', flips: 1 });
    expect(outcome.evaluation?.probes).toHaveLength(2);
    const [{ id }] = await show(directory, 'measured');
    expect(outcome.patch).toBe(id);
    expect(checkpoints()).toEqual([]);
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

  test('whose probes are given again are known, and cannot judge; those that are new can', async () => {
    const budget = { iterations: 8 };
    const known = request('first', { strategy: 'guided', budget });
    await commit(directory, known, recorderAt(cli));
    const fresh = { name: 'new.json', bytes: Buffer.from(someProbes('arithmetic', 12)) };
    const rehearses = async (branch: string, probes: CommitRequest['probes']) => {
      const stop = new AbortController();
      const seen: boolean[] = [];
      const onProgress = ({ rehearsal = false }: SearchProgress) => (seen.push(rehearsal), stop.abort());
      const searching = { on: 'first', strategy: 'guided', probes, signal: stop.signal, onProgress } as const;
      await expect(commit(directory, request(branch, searching), recorderAt(cli))).toFailWithCode('INTERRUPTED');
      return seen[0];
    };
    expect(await rehearses('next', [...known.probes, fresh])).toBe(true);
    expect(await rehearses('again', known.probes)).toBe(false);
    expect(await rehearses('other', [fresh])).toBe(true);
    checkpoints().forEach((path) => rmSync(path));
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
