/** Patches made out of others: the model stays what it was, and the lineage is told. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { formatFlip } from '../../src/patch/flip.js';
import { composeMask, masksEqual } from '../../src/patch/mask.js';
import { checkout } from '../../src/workflows/checkout.js';
import { minimize } from '../../src/workflows/minimize.js';
import { show } from '../../src/workflows/show.js';
import { split } from '../../src/workflows/split.js';
import { remove, squash } from '../../src/workflows/squash.js';
import { loadStack } from '../../src/workflows/stack.js';
import { status } from '../../src/workflows/status.js';
import { verifyStack } from '../../src/workflows/verify.js';
import { openWorkspace } from '../../src/workflows/workspace.js';
import { temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import { createCli } from '../e2e/cli.js';
import { digestOf, fingerprint, makeSampleRepository, recorderAt, someProbes } from '../e2e/repository.js';

const cli = createCli();
const recorder = recorderAt(cli);
const probes = { name: 'few.json', bytes: Buffer.from(someProbes('calculus', 6)) };
let directory = '';
let template = '';

beforeEach(async () => {
  if (template === '') {
    template = cli.directory;
    await makeSampleRepository(cli);
    await checkout(template, 'calc+math');
  }
  directory = join(temporaryDirectory(), 'copy');
  cpSync(template, directory, { recursive: true });
});

const model = () => digestOf(join(directory, 'working.gguf'));
const patchesAt = async (stack = 'HEAD') =>
  (await loadStack((await openWorkspace(directory)).repository, stack)).loaded;

/** What must hold after every change: nothing unsound, for us or for git. */
async function expectSound() {
  expect(await verifyStack(directory, 'HEAD')).toMatchObject({ ok: true });
  expect(await status(directory)).toMatchObject({ model: { state: 'clean' }, worktree: 'clean' });
  expect(runGit(directory, 'fsck', '--strict', '--full', '--no-dangling')).toBe('');
  expect(runGit(directory, 'status', '--porcelain')).toBe('');
}

describe('squash', () => {
  test('makes one patch of two, the model unchanged to the bit, and names both', async () => {
    const before = model();
    const [parents, mask] = [[...(await patchesAt()).keys()].sort(), composeMask((await patchesAt()).values())];
    const { removed, added } = await squash(directory, { patches: 'HEAD' }, recorder);
    expect(removed).toEqual(parents);
    // Three flips and two, of which one pair cancels.
    expect(added).toMatchObject([{ flips: 3 }]);
    expect(model()).toBe(before);
    expect(masksEqual(composeMask((await patchesAt()).values()), mask)).toBe(true);
    const [{ statements }] = await show(directory, 'HEAD');
    expect(statements).toMatchObject([{ kind: 'derivation' }]);
    expect(statements[0].summary[0]).toContain(`made by squash of ${parents.map((id) => id.slice(0, 10)).join(', ')}`);
    await expectSound();
  });

  test('starts a branch of its own with -b', async () => {
    await checkout(directory, 'base');
    const report = await squash(directory, { patches: 'calc+math', branch: 'both', message: 'in one' }, recorder);
    expect(report).toMatchObject({ branch: 'both', message: 'in one', removed: [] });
    expect((await patchesAt()).size).toBe(1);
    await expectSound();
  });

  test('changes nothing where there is nothing to squash, or it is not there', async () => {
    const before = fingerprint(directory);
    await expect(squash(directory, { patches: 'calc' }, recorder)).toFailWithCode('NOTHING_TO_COMMIT');
    await expect(squash(directory, { patches: 'base' }, recorder)).toFailWithCode('NOTHING_TO_COMMIT');
    await expect(squash(directory, { patches: 'calc', branch: 'math' }, recorder)).toFailWithCode('BRANCH_EXISTS');
    expect(fingerprint(directory)).toEqual(before);
    await checkout(directory, 'math');
    await expect(squash(directory, { patches: 'calc' }, recorder)).toFailWithCode('USAGE');
  });
});

describe('split', () => {
  test('by layer gives a patch a layer, which together are what it was', async () => {
    const before = model();
    const [id] = (await patchesAt('calc')).keys();
    const { removed, added } = await split(directory, { patches: id.slice(0, 8), threads: 1 }, recorder);
    expect(removed).toEqual([id]);
    expect(added.map(({ part, flips }) => [part, flips])).toEqual([
      ['layer 0', 2],
      ['layer 1', 1],
    ]);
    expect(model()).toBe(before);
    await expectSound();
  });

  test('by category puts each flip where it was measured to help most', async () => {
    const two = [{ prompt: 'The capital of Peru is', correct: ' Lima', category: 'a' }];
    const bytes = Buffer.from(JSON.stringify([...two, { prompt: 'd/dx [x^2] =', correct: ' 2x', category: 'b' }]));
    const before = model();
    const parents = await patchesAt('calc');
    const request = { patches: 'calc', probes: { name: 'two.json', bytes }, threads: 1, branch: 'parts' };
    const { added } = await split(directory, request, recorder);
    expect(added.length).toBeGreaterThan(1);
    expect(added.every(({ part }) => ['a', 'b', 'rest'].includes(part ?? ''))).toBe(true);
    expect(masksEqual(composeMask((await patchesAt()).values()), composeMask(parents.values()))).toBe(true);
    await expectSound();
    expect(model()).not.toBe(before);
    const again = await split(directory, { ...request, branch: 'again', threads: 2 }, recorder);
    expect(again.added).toEqual(added);
  });

  test('refuses what is not one patch, one part, or probes of one category', async () => {
    const before = fingerprint(directory);
    const attempt = (patches: string, more = {}) => split(directory, { patches, threads: 1, ...more }, recorder);
    await expect(attempt('calc+math')).toFailWithCode('USAGE');
    await expect(attempt('base')).toFailWithCode('USAGE');
    const one = Buffer.from(JSON.stringify([{ prompt: 'a', correct: ' b' }]));
    await expect(attempt('calc', { probes: { name: 'one', bytes: one } })).toFailWithCode('PROBES_UNUSABLE');
    expect(fingerprint(directory)).toEqual(before);
  });
});

describe('minimize', () => {
  test('drops flips, measures before and after, and records both', async () => {
    const whole = [...composeMask((await patchesAt()).values()).keys()];
    const request = { patches: 'HEAD', probes, minimumGain: 0, keepAnswers: true, threads: 1 };
    const report = await minimize(directory, request, recorder);
    const { measured, added } = report;
    expect(measured.flipsAfter).toBeLessThan(measured.flipsBefore);
    expect(added).toMatchObject([{ flips: measured.flipsAfter }]);
    expect(measured.objectiveAfter).toBeGreaterThanOrEqual(measured.objectiveBefore);
    expect(measured.rightAfter).toBeGreaterThanOrEqual(measured.rightBefore);
    const [patch] = (await patchesAt()).values();
    expect(Object.keys(patch.flips).every((tensor) => whole.includes(tensor))).toBe(true);
    const [{ statements }] = await show(directory, 'HEAD');
    expect(statements[0].summary.join('\n')).toContain(`flips ${measured.flipsBefore} to ${measured.flipsAfter}`);
    await expectSound();
  });

  test('says so where each flip earns its place, or none does, and changes nothing', async () => {
    const before = fingerprint(directory);
    const request = { patches: 'calc', probes, keepAnswers: false, threads: 1 };
    await expect(minimize(directory, { ...request, minimumGain: 1000 }, recorder)).toFailWithCode('NOTHING_TO_COMMIT');
    const stop = AbortSignal.abort();
    await expect(minimize(directory, { ...request, minimumGain: 0, signal: stop }, recorder)).toFailWithCode(
      'INTERRUPTED',
    );
    expect(fingerprint(directory)).toEqual(before);
  });
});

describe('rm', () => {
  test('removes a patch with its evidence, and history brings it back', async () => {
    const [id] = (await patchesAt('math')).keys();
    await remove(directory, { patches: id.slice(0, 10) }, recorder);
    expect([...(await patchesAt()).keys()]).toEqual([...(await patchesAt('calc')).keys()]);
    expect(runGit(directory, 'ls-files', `evidence/${id.slice(0, 2)}/${id.slice(2)}`)).toBe('');
    await expectSound();
    await checkout(directory, 'calc+math');
    expect((await patchesAt()).has(id)).toBe(true);
  });

  test('refuses what is not there', async () => {
    await expect(remove(directory, { patches: 'base' }, recorder)).toFailWithCode('NOTHING_TO_COMMIT');
    await checkout(directory, 'calc');
    await expect(remove(directory, { patches: 'math' }, recorder)).toFailWithCode('USAGE');
  });
});

test('a flip is written with all of its numbers', () => {
  const place = { tensor: 'blk.1.ffn_up.weight', row: 3, group: 4 };
  expect(formatFlip({ kind: 'row', ...place })).toBe('blk.1.ffn_up.weight row 3');
  expect(formatFlip({ kind: 'group', ...place })).toBe('blk.1.ffn_up.weight row 3 group 4');
  expect(formatFlip({ kind: 'scale-bit', ...place, bit: 9 })).toBe('blk.1.ffn_up.weight row 3 group 4 scale bit 9');
});
