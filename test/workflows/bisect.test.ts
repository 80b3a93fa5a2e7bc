/** A regression planted in a long history, found again. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { RowFlip } from '../../src/patch/flip.js';
import { createPatch, patchId } from '../../src/patch/patch.js';
import { pointBranch } from '../../src/repo/branch.js';
import { commitPatch } from '../../src/repo/commit-patch.js';
import type { CommitId } from '../../src/repo/ids.js';
import { bisect, type BisectRequest } from '../../src/workflows/bisect.js';
import { openWorkspace } from '../../src/workflows/workspace.js';
import { createCli } from '../e2e/cli.js';
import { fingerprint, makeSampleRepository, peruFlip, someProbes } from '../e2e/repository.js';

const cli = createCli();
const { directory } = cli;

const row = (index: number): RowFlip => ({ kind: 'row', tensor: 'blk.3.ffn_up.weight', row: index });

const commits = 64;
const guilty = 40;
const history: CommitId[] = [];
let guiltyPatch = '';

const request = (changes: Partial<BisectRequest> = {}): BisectRequest => ({
  good: 'base',
  bad: 'long',
  probes: { name: 'facts.json', bytes: Buffer.from(someProbes('knowledge', 8)) },
  firstParent: false,
  threads: 1,
  ...changes,
});

beforeAll(async () => {
  await makeSampleRepository(cli);
  const { repository, state } = await openWorkspace(directory);
  let parent = state.root;
  for (let i = 0; i < commits; i++) {
    const harmless = Array.from({ length: i === guilty ? 89 : 1 }, (_, k) => row(i === guilty ? 100 + k : i));
    const patch = createPatch(state.weightsId, i === guilty ? [...harmless, peruFlip] : harmless);
    if (i === guilty) guiltyPatch = patchId(patch);
    const author = { name: 'Ada', email: 'ada@example.org', timestamp: 1_700_000_000 + i, timezoneOffset: 0 };
    parent = await commitPatch(repository, { parent, patch, evidence: [], message: `step ${i}\n`, author });
    history.push(parent);
  }
  await pointBranch(repository, 'long', parent);
});

describe('a regression among 64 commits, one of 90 flips', () => {
  test('is found with its flip in 14 evaluations beyond the first, those to be certain of it included', async () => {
    const before = fingerprint(directory);
    const places: string[] = [];
    const report = await bisect(directory, request({ onProgress: ({ place }) => places.push(place) }));
    expect(report).toMatchObject({
      broke: 1,
      commits,
      culprit: { commit: history[guilty], comparedWith: history[guilty - 1], message: `step ${guilty}`, flips: 90 },
      flips: [{ flip: 'token_embd.weight row 451', patches: [guiltyPatch] }],
      sufficient: true,
      necessary: true,
      examples: [{ prompt: 'The capital of Peru is', correct: ' Lima' }],
    });
    const { total } = report.evaluations;
    expect(places).toHaveLength(total);
    expect(total).toBeLessThanOrEqual(1 + 14);
    expect(fingerprint(directory)).toEqual(before);
  });

  test('is found in a merge too, from a side branch or the merge alone', async () => {
    const merged = await bisect(directory, request({ bad: 'long+math' }));
    expect(merged.culprit.commit).toBe(history[guilty]);
    const first = await bisect(directory, request({ good: 'math', bad: 'long+math', firstParent: true }));
    expect(first.flips.map(({ flip }) => flip)).toEqual(['token_embd.weight row 451']);
  });

  test('costs the same whatever the number of threads, and says the same', async () => {
    expect(await bisect(directory, request({ threads: 2 }))).toEqual(await bisect(directory, request()));
  });
});

describe('there is nothing to bisect', () => {
  test('where nothing is right at the one end and wrong at the other', async () => {
    await expect(bisect(directory, request({ bad: 'calc' }))).toFailWithCode('NOTHING_TO_BISECT');
  });

  test('where the bad end is part of the history of the good one', async () => {
    await expect(bisect(directory, request({ good: 'long', bad: 'base' }))).toFailWithCode('NOTHING_TO_BISECT');
  });

  test('after Ctrl-C', async () => {
    await expect(bisect(directory, request({ signal: AbortSignal.abort() }))).toFailWithCode('INTERRUPTED');
  });
});
