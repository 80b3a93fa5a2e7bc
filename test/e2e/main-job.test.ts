/** The main job, as a person types it: search, commit, compose, compare, evaluate, export, and back to the base. */
import { describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { readGguf } from '../../src/gguf/read.js';
import { bytesSource } from '../../src/gguf/source.js';
import type { CommitOutcome } from '../../src/workflows/commit.js';
import { fixtureModel, root } from '../paths.js';
import { createCli } from './cli.js';
import { answerOf, digestOf, fingerprint, makeSampleRepository, outputOf, someProbes } from './repository.js';

const search = (branch: string, probes: string, ...more: string[]) => [
  ...['commit', '-b', branch, '-m', `better ${probes}`, '--probes', probes, '--controls', 'knowledge'],
  ...['--strategy', 'greedy', '--iterations', '12', ...more],
];

describe('the main job', () => {
  const cli = createCli({ isWarm: false });
  const bankai = async (...args: string[]) => outputOf(await cli.run(args));
  const working = join(cli.directory, 'working.gguf');
  const searched: Record<string, CommitOutcome> = {};
  const expectPicture = (path: string): string => {
    const svg = readFileSync(join(cli.directory, path), 'utf8');
    expect(svg).toMatch(/^<svg [^]*<\/svg>\n?$/);
    expectWellFormed(svg);
    return svg;
  };

  test('init makes a working model that equals the base', async () => {
    expect(await bankai('init', '--model', fixtureModel)).toMatch(
      /^Initialized empty Bankai repository in .*\nBase: {2}Worksheet 5M 1-bit [0-9a-f]{10}\nModel: working\.gguf \(\d+ kB, copy\)\n$/,
    );
    expect(digestOf(working)).toBe(digestOf(fixtureModel));
  });

  test.each([
    ['calc', 'calculus'],
    ['math', 'arithmetic'],
  ])('commit -b %s searches, gains, and leaves the working model with the patch', async (branch, probes) => {
    const outcome = await answerOf<CommitOutcome>(cli, search(branch, probes, '--threads', '2'));
    expect(outcome).toMatchObject({ branch, message: `better ${probes}`, iterations: 12, stoppedBy: 'iterations' });
    expect(outcome.flips).toBeGreaterThan(0);
    expect(outcome.objectiveAfter).toBeGreaterThan(outcome.objectiveBefore);
    searched[branch] = outcome;
    expect(digestOf(working)).not.toBe(digestOf(fixtureModel));
    expect(await bankai('status')).toMatch(
      new RegExp(
        `^On branch ${branch} at [0-9a-f]{10}\n[^]*working\\.gguf \\(clean\\)\n[^]*${outcome.patch.slice(0, 10)}`,
      ),
    );
  });

  test('the same seed finds the same patch, on any number of threads', async () => {
    const again = await answerOf<CommitOutcome>(cli, search('again', 'arithmetic', '--threads', '1'));
    expect(again.patch).toBe(searched.math.patch);
  });

  test('log, show and branch tell what was done', async () => {
    expect(await bankai('log', 'calc', '--oneline')).toMatch(
      /^[0-9a-f]{10} .*better calculus.*\n[0-9a-f]{10} .*Base model/,
    );
    const shown = await bankai('show', 'calc');
    expect(shown).toContain(`patch ${searched.calc.patch}\n`);
    expect(shown).toMatch(/searched by greedy on answer, seed 1/);
    expect(await bankai('branch')).toMatch(/\* again .*\n {2}calc .*\n {2}main .*\n {2}math /);
  });

  test('calc+math and math+calc are one commit and one model', async () => {
    const first = await answerOf<{ commit: string }>(cli, ['checkout', 'calc+math']);
    const model = digestOf(working);
    await bankai('checkout', 'base');
    expect(digestOf(working)).toBe(digestOf(fixtureModel));
    expect(await answerOf(cli, ['checkout', 'math+calc'])).toMatchObject({ commit: first.commit, patches: 2 });
    expect(digestOf(working)).toBe(model);
    expect((await cli.git(['log', '-1', '--format=%H'])).stdout.trim()).toBe(first.commit);
  });

  test('diff counts every flip of both sides once', async () => {
    const { both, onlyA, onlyB } = await answerOf<{ both: number; onlyA: number; onlyB: number }>(cli, [
      'diff',
      'calc',
      'math',
    ]);
    expect([onlyA + both, onlyB + both]).toEqual([searched.calc.flips, searched.math.flips]);
    expect(await bankai('diff', 'calc', 'math')).toMatch(/^a {2}calc .*\nb {2}math /);
    const all = await bankai('diff', 'calc', 'math', '--all');
    expect(all.match(/^blk\.\S+ row \d+/gm)).toHaveLength(both + onlyA + onlyB);
    const text = await bankai('diff', 'calc', 'math', '--text');
    expect(text).toMatch(/^--- calc\n\+\+\+ math\n@@ /);
    expect(await bankai('diff', 'calc', 'calc', '--text')).toBe('');
  });

  test('eval counts fixed and broken answers of problems that the search has not seen', async () => {
    writeFileSync(join(cli.directory, '.git', 'heldout.json'), someProbes('calculus-heldout', 40));
    const { probes } = await answerOf<{ probes: Record<string, number>[] }>(cli, [
      ...['eval', 'calc', '--probes', '.git/heldout.json'],
    ]);
    const [{ before, after, fixed, broke, keptRight, keptWrong }] = probes;
    expect(fixed + broke + keptRight + keptWrong).toBe(40);
    expect([keptRight + broke, keptRight + fixed]).toEqual([before, after]);
    expect(await bankai('eval', 'base', '--probes', '.git/heldout.json')).toMatch(/0 fixed/);
  });

  test('try answers with base and stack, and touches nothing', async () => {
    const before = fingerprint(cli.directory);
    expect(await bankai('try', 'd/dx [x^7 + x] =', 'calc+math')).toMatch(/base {2,}calc\+math\n/);
    expect(fingerprint(cli.directory)).toEqual(before);
  });

  test('layers draws what each layer is worth', async () => {
    expect(await bankai('layers', '--probes', '.git/heldout.json', '--svg', '.git/layers.svg')).toMatch(
      /\nlayer 0 .*\nlayer 1 /,
    );
    expectPicture('.git/layers.svg');
  });

  test('show draws a search and its flips, eval how likely each answer was and is', async () => {
    await bankai('show', 'calc', '--svg', '.git/show.svg');
    expect(expectPicture('.git/show.svg')).toContain('Objective of the search');
    const plot = ['--probes', '.git/heldout.json', '--plot', '--svg', '.git/eval.svg'];
    expect(await bankai('eval', 'calc+math', '--against', 'math', ...plot)).toMatch(
      /^calc\+math against math on [^]*\nprobability of the correct answer\n90 % and more before /,
    );
    // One likelihood and one margin of each probe, and the keys to both pictures.
    expect(expectPicture('.git/eval.svg').match(/<circle /g)).toHaveLength(2 * (40 + 3));
  });

  test('eval measures a text', async () => {
    expect(await bankai('eval', 'calc', '--text', 'text')).toMatch(
      /^text text\.txt, 3,774 tokens\n {2}perplexity 2\.1417 → \d\.\d{4} \(\S+ %\), KL \S+ nats\n$/,
    );
  });

  test('export writes a model that verifies, and differs from the base in header and flips alone', async () => {
    await bankai('export', 'calc+math', '-o', '.git/calc-math.gguf');
    const [bytes, now, base] = [join(cli.directory, '.git', 'calc-math.gguf'), working, fixtureModel].map((path) =>
      readFileSync(path),
    );
    const [exported, original] = [readGguf(bytesSource(bytes)), readGguf(bytesSource(base))];
    expect(bytes.subarray(exported.dataOffset).equals(now.subarray(original.dataOffset))).toBe(true);
    expect(exported.metadata.texts('bankai.patches')).toEqual([searched.calc.patch, searched.math.patch].sort());
    expect(await answerOf(cli, ['verify', '.git/calc-math.gguf'])).toMatchObject({ ok: true });
  });

  test('verify finds every claim true', async () => {
    expect(await bankai('verify')).toMatch(/bit for bit[^]*HEAD is verified\.\n$/);
    expect(outputOf(await cli.git(['fsck', '--strict', '--full', '--no-dangling']))).toBe('');
    expect(outputOf(await cli.git(['status', '--porcelain']))).toBe('');
  });

  test('checkout base restores the base bit for bit', async () => {
    await bankai('checkout', 'base');
    expect(readFileSync(working).equals(readFileSync(fixtureModel))).toBe(true);
  });
});

describe('commit', () => {
  const cli = createCli({ isWarm: false });

  test('without a gain records nothing, and says so with exit code 1', async () => {
    await makeSampleRepository(cli);
    writeFileSync(join(cli.directory, 'solved.json'), someProbes('knowledge', 4));
    const before = fingerprint(cli.directory);
    const { code, stdout, stderr } = await cli.run([
      'commit',
      '-m',
      'x',
      '--probes',
      'solved.json',
      '--strategy',
      'greedy',
      '--iterations',
      '1',
    ]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error: Nothing to commit: .*\nhint: .*\n$/);
    expect(fingerprint(cli.directory)).toEqual(before);
  });

  test('Ctrl-C keeps a checkpoint and says how to go on', async () => {
    // A stderr that says it is a terminal gets progress, which tells when there is something to keep.
    const preload = join(cli.directory, '.git', 'terminal.mjs');
    writeFileSync(preload, 'Object.assign(process.stderr, { isTTY: true, getWindowSize: () => [80, 24] });\n');
    const endless = search('endless', 'calculus').map((word) => (word === '12' ? '1000000' : word));
    const child = spawn(process.execPath, ['--import', preload, join(root, 'bin', 'run.js'), ...endless], {
      cwd: cli.directory,
      env: cli.env,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => {
      const hadSomething = /[1-9]\d* kept/.test(stderr);
      stderr += chunk;
      if (!hadSomething && /[1-9]\d* kept/.test(stderr)) child.kill('SIGINT');
    });
    const [code] = (await once(child, 'close')) as [number];
    expect([code, stdout]).toEqual([130, '']);
    expect(stderr).toContain('Stopping. Press Ctrl-C again to quit at once.');
    expect(stderr).toContain('hint: Nothing was changed. The same command with "--resume" goes on from here; with');
    const iterations = stderr.match(/"--resume --iterations (\d+)"/)?.[1] ?? '';
    const enough = endless.map((word) => (word === '1000000' ? iterations : word));
    const outcome = await answerOf<CommitOutcome>(cli, [...enough, '--resume']);
    expect(outcome).toMatchObject({ branch: 'endless', stoppedBy: 'iterations', iterations: Number(iterations) });
    expect(await answerOf(cli, ['verify'])).toMatchObject({ ok: true });
  });

  test('a search that was killed goes on to the patch of one that was not', async () => {
    const args = (branch: string): string[] => search(branch, 'arithmetic', '--seed', '1');
    const folder = join(cli.directory, '.git', 'bankai', 'checkpoints');
    const child = spawn(process.execPath, [join(root, 'bin', 'run.js'), ...args('killed')], {
      cwd: cli.directory,
      env: cli.env,
    });
    const closed = once(child, 'close');
    // The first evaluation is written at once; how far the search comes after that does not matter.
    const isThere = (): boolean =>
      existsSync(folder) && readdirSync(folder).some((name) => /^[0-9a-f]{64}\.json$/.test(name));
    while (!isThere()) await setTimeout(5);
    child.kill('SIGKILL');
    expect(await closed).toEqual([null, 'SIGKILL']);
    const resumed = await answerOf<CommitOutcome>(cli, [...args('killed'), '--resume']);
    const whole = await answerOf<CommitOutcome>(cli, args('whole'));
    expect(resumed.patch).toBe(whole.patch);
    expect(existsSync(folder)).toBe(false);
    expect(await answerOf(cli, ['verify'])).toMatchObject({ ok: true });
  });
});

/** Asserts that every tag of an XML text is closed in its turn, and that no bare `&` or `<` stands in it. */
function expectWellFormed(xml: string): void {
  const open: string[] = [];
  const rest = xml.replace(
    /<(\/?)([a-z]+)((?:\s[\w:-]+="[^"<]*")*)\s*(\/?)>/gi,
    (_, closing: string, name: string, __, empty: string) => {
      if (closing) expect(open.pop()).toBe(name);
      else if (!empty) open.push(name);
      return '';
    },
  );
  expect(open).toEqual([]);
  expect(rest.replace(/&(amp|lt|gt|quot|apos|#\d+);/g, '')).not.toMatch(/[<&]/);
}
