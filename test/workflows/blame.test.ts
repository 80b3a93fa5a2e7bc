/** Who flipped what, and what it does. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { composeMask, maskFlips, maskOf } from '../../src/patch/mask.js';
import { formatFlip } from '../../src/patch/flip.js';
import { scoreProbes } from '../../src/search/flip-effects.js';
import { mean } from '../../src/search/fitness/terms.js';
import { parseProbes } from '../../src/search/probes.js';
import { blame, blameProbes, parseRowPlace } from '../../src/workflows/blame.js';
import { withEngine } from '../../src/workflows/engine.js';
import { loadStack } from '../../src/workflows/stack.js';
import { openWorkspace } from '../../src/workflows/workspace.js';
import { createCli } from '../e2e/cli.js';
import { fingerprint, makeSampleRepository, someProbes } from '../e2e/repository.js';

const cli = createCli();
const { directory } = cli;
const probes = { name: 'few.json', bytes: Buffer.from(someProbes('calculus', 6)) };

beforeAll(() => makeSampleRepository(cli));

describe('a row', () => {
  test('is read as tensor and number, and told from a stack', () => {
    expect(parseRowPlace('blk.1.ffn_up.weight:3150')).toEqual({ tensor: 'blk.1.ffn_up.weight', row: 3150 });
    expect(parseRowPlace('calc+math')).toBeUndefined();
    expect(() => parseRowPlace('blk.1.ffn_up.weight:x')).toThrow('Cannot read the row');
  });

  test('is blamed on every patch that flips it, and said to cancel', async () => {
    const place = { tensor: 'blk.0.ffn_gate.weight', row: 2 };
    const report = await blame(directory, 'calc+math', place);
    expect(report.patches.map(({ message }) => message).sort()).toEqual(['calc', 'math']);
    expect(report.flips).toEqual([
      { flip: 'blk.0.ffn_gate.weight row 2', patches: expect.any(Array), inEffect: false },
    ]);
    expect(report.flips[0].patches.sort()).toEqual(report.patches.map(({ id }) => id).sort());
    await expect(blameProbes(directory, { stack: 'calc+math', place, probes, threads: 1 })).toFailWithCode('USAGE');
  });

  test('must be in the model', async () => {
    const blamed = (tensor: string, row: number) => blame(directory, 'calc', { tensor, row });
    await expect(blamed('blk.99.ffn_up.weight', 1)).toFailWithCode('TENSOR_UNKNOWN');
    await expect(blamed('blk.1.ffn_up.weight', 70_000)).toFailWithCode('ROW_OUT_OF_RANGE');
    expect((await blamed('blk.1.ffn_up.weight', 70)).flips).toEqual([]);
  });
});

test('a patch is blamed on the commit that added it', async () => {
  const { repository } = await openWorkspace(directory);
  const { parts } = await loadStack(repository, 'math');
  const { patches, flips } = await blame(directory, 'math');
  expect(patches).toMatchObject([{ commit: parts[0].commit, author: 'Ada Lovelace', date: '2026-01-02', flips: 2 }]);
  expect(flips.every(({ inEffect }) => inEffect)).toBe(true);
});

test('the effect of a flip is the difference that taking it back makes', async () => {
  const before = fingerprint(directory);
  const report = await blameProbes(directory, { stack: 'calc', probes, threads: 1 });
  expect(fingerprint(directory)).toEqual(before);
  const workspace = await openWorkspace(directory);
  const { loaded } = await loadStack(workspace.repository, 'calc');
  const flips = maskFlips(composeMask(loaded.values()));
  expect(report.effects).toHaveLength(flips.length);
  await withEngine(workspace, 2, async ({ engine, hold }) => {
    const score = () => {
      const { correct, margin } = scoreProbes(engine, parseProbes(probes.bytes, 'few').probes);
      return { logProbability: mean(correct), margin: mean(margin ?? []) };
    };
    expect(score()).toEqual(report.base);
    hold(maskOf(flips));
    expect(score()).toEqual(report.present);
    for (const flip of flips) {
      hold(maskOf(flips.filter((other) => other !== flip)));
      const measured = report.effects.find((effect) => effect.flip === formatFlip(flip));
      expect(measured?.logProbability).toBeCloseTo(report.present.logProbability - score().logProbability, 10);
      expect(measured?.margin).toBeCloseTo((report.present.margin ?? 0) - score().margin, 10);
    }
  });
  const sizes = report.effects.map(({ logProbability }) => Math.abs(logProbability));
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
});

test('Ctrl-C ends the measurement', async () => {
  const request = { stack: 'calc', probes, threads: 1, signal: AbortSignal.abort() };
  await expect(blameProbes(directory, request)).toFailWithCode('INTERRUPTED');
});
