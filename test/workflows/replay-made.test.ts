/** Replays of patches that were not simply searched on the base: made out of others, found on a stack, by templates, elsewhere. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../src/patch/ids.js';
import { renderReplay } from '../../src/render/replay.js';
import { plainView } from '../../src/render/view.js';
import { checkout } from '../../src/workflows/checkout.js';
import { commit, type CommitRequest } from '../../src/workflows/commit.js';
import { importFile } from '../../src/workflows/import.js';
import { minimize } from '../../src/workflows/minimize.js';
import type { Replayer } from '../../src/workflows/replay-run.js';
import { replay, type ReplayRequest } from '../../src/workflows/replay.js';
import { split } from '../../src/workflows/split.js';
import { squash } from '../../src/workflows/squash.js';
import { loadStack } from '../../src/workflows/stack.js';
import { openWorkspace } from '../../src/workflows/workspace.js';
import { createCli } from '../e2e/cli.js';
import { fingerprint, makeSampleRepository, recorderAt, someProbes, withoutPeru } from '../e2e/repository.js';
import { runGit } from '../repo/sandbox.js';

const cli = createCli();
const recorder = recorderAt(cli);
const { directory } = cli;

const file = (name: string, content: unknown) => ({ name, bytes: Buffer.from(JSON.stringify(content)) });
const some = (set: string, count: number) => ({ name: `${set}.json`, bytes: Buffer.from(someProbes(set, count)) });
const few = some('calculus', 6);

const minimizing = { probes: few, minimumGain: 0, keepAnswers: true, threads: 1 };

const search = (branch: string, changes: Partial<CommitRequest> = {}) =>
  commit(
    directory,
    {
      ...{ message: branch, branch, probes: [few], controls: [], strategy: 'greedy', fitness: 'answer' },
      ...{ seed: 1, budget: { iterations: 12 }, threads: 2 },
      ...changes,
    },
    recorder,
  );

const again = (patch: string, changes: Partial<ReplayRequest> = {}, by: Replayer = recorder) =>
  replay(directory, { patch, files: [], evaluationOnly: false, threads: 1, ...changes }, by);

const idsOf = async (stack: string) => [
  ...(await loadStack((await openWorkspace(directory)).repository, stack)).patches,
];

beforeAll(() => makeSampleRepository(cli));

describe('a patch made out of others is made again', () => {
  test('by squash, from the history of any branch', async () => {
    const parents = (await idsOf('calc+math')).sort();
    const { added } = await squash(directory, { patches: 'calc+math', branch: 'squashed' }, recorder);
    const before = fingerprint(directory);
    expect(await again('squashed')).toMatchObject({
      ...{ patch: added[0].id, reproduced: true },
      runs: [{ kind: 'derivation', operation: 'squash', parents, patch: added[0].id, flips: added[0].flips }],
    });
    expect(fingerprint(directory)).toEqual(before);
  });

  test('by split, each part, by layer and by category', async () => {
    const byLayer = await split(directory, { patches: 'calc', branch: 'layers', threads: 1 }, recorder);
    const probes = file('two.json', [
      { prompt: 'The capital of Peru is', correct: ' Lima', category: 'a' },
      { prompt: 'd/dx [x^2] =', correct: ' 2x', category: 'b' },
    ]);
    const byCategory = await split(directory, { patches: 'calc', branch: 'skills', probes, threads: 1 }, recorder);
    for (const [branch, { added }] of [
      ['layers', byLayer],
      ['skills', byCategory],
    ] as const) {
      expect(added.length).toBeGreaterThan(1);
      await checkout(directory, branch);
      for (const { id } of added) {
        const report = await again(id.slice(0, 10));
        expect(report).toMatchObject({ patch: id, reproduced: true, runs: [{ operation: 'split', patch: id }] });
      }
    }
  });

  test('by minimize, with what else was in effect', async () => {
    await checkout(directory, 'calc+math');
    const [[calc], [math]] = [await idsOf('calc'), await idsOf('math')];
    const { added } = await minimize(directory, { patches: calc.slice(0, 10), ...minimizing }, recorder);
    const [{ id }] = added;
    const report = await again(id.slice(0, 10));
    expect(report).toMatchObject({ reproduced: true, runs: [{ operation: 'minimize', parents: [calc], patch: id }] });
    expect(evidenceOf(id, 'derivation')).toMatchObject({ predicate: { beside: [math] } });
  });

  test('by minimize that leaves one of them as it was', async () => {
    await search('found');
    await minimize(directory, { patches: 'found', branch: 'lean', ...minimizing, minimumGain: 1e-6 }, recorder).catch(
      () => checkout(directory, 'found'),
    );
    const [lean] = await idsOf('HEAD');
    await importFile(directory, { name: 'peru', bytes: await withoutPeru(cli), message: 'peru' }, recorder);
    const { added, removed } = await minimize(directory, { patches: 'HEAD', ...minimizing }, recorder);
    expect([added.map(({ id }) => id), removed.length]).toEqual([[lean], 1]);
    const { runs, reproduced } = await again('HEAD');
    expect(reproduced).toBe(true);
    expect(runs.find(({ parents }) => parents?.[0] === removed[0])).toMatchObject({
      operation: 'minimize',
      patch: lean,
    });
  });
});

describe('a search', () => {
  test('from template probes, on a stack without a part of it, is replayed', async () => {
    const templates = file('templates.json', [
      {
        ...{ template: 1, prompt: 'd/dx [x^{n}] =', correct: ' {n}x^{n - 1}', category: 'power' },
        ...{ parameters: { n: { from: 3, to: 9 } }, samples: 5, seed: 4 },
      },
      { prompt: 'The capital of Peru is', correct: ' Lima' },
    ]);
    const on = 'calc+math --without math';
    const { patch } = await search('templated', { probes: [templates], on });
    expect(evidenceOf(patch, 'search')).toMatchObject({
      predicate: { parents: await idsOf('calc'), probes: [{ name: 'templates.json', count: 6 }] },
    });
    expect(await again('templated --without calc')).toMatchObject({ patch, reproduced: true });
  });

  test('of another version is told apart, whether it comes out the same or not', async () => {
    const { patch } = await search('older');
    const younger = { ...recorder, version: '2.0.0' };
    const same = await again('older', {}, younger);
    expect(same).toMatchObject({
      reproduced: true,
      engine: { version: '2.0.0' },
      runs: [{ engine: { version: '1.2.3' } }],
    });
    const lines = renderReplay(same, plainView).join('\n');
    expect(lines).toContain('recorded with bankai 1.2.3, replayed with bankai 2.0.0');
    expect(lines).toContain(`Patch ${patch.slice(0, 10)} comes out the same with another version.`);
    expect(lines).not.toContain('reproduced');
  });

  test('is not replayed on probes that are other than it had, and the digest of those is told', async () => {
    const { patch } = await search('rested');
    const digest = sha256Hex(few.bytes);
    const path = join('evidence', patch.slice(0, 2), patch.slice(2), `probes.${digest}.json`);
    const other = Buffer.from(someProbes('calculus', 5));
    writeFileSync(join(directory, path), other);
    runGit(directory, 'commit', '--quiet', '--all', '--message', 'other probes');
    const changed = again('rested');
    await expect(changed).toFailWithCode('REPOSITORY_CORRUPT');
    await expect(changed).rejects.toThrow(digest);
    runGit(directory, 'rm', '--quiet', path);
    runGit(directory, 'commit', '--quiet', '--message', 'no probes');
    const gone = again('rested', { find: async () => [other] });
    await expect(gone).toFailWithCode('FILE_NOT_FOUND');
    await expect(gone).rejects.toThrow(`sha256 ${digest}; what is called so here has ${sha256Hex(other)}`);
    expect(await again('rested', { find: async () => [other, few.bytes] })).toMatchObject({ reproduced: true });
  });
});

test('nothing is made again of patches that are not here', async () => {
  await checkout(directory, 'squashed');
  const others = runGit(directory, 'for-each-ref', '--format=%(refname:short)', 'refs/heads').trim().split('\n');
  runGit(directory, 'branch', '--quiet', '-D', ...others.filter((name) => name !== 'squashed'));
  await expect(again('squashed')).toFailWithCode('UNKNOWN_REVISION');
});

/** What one statement about a patch of HEAD says, as it lies in the tree. */
function evidenceOf(id: string, kind: string): unknown {
  const folder = join(directory, 'evidence', id.slice(0, 2), id.slice(2));
  const name = readdirSync(folder).find((one) => one.startsWith(`${kind}.`)) as string;
  const { payload } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { payload: string };
  return JSON.parse(Buffer.from(payload, 'base64').toString());
}
