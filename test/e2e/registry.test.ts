/** A registry from the side of those who keep one and publish in it. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCli } from './cli.js';
import { answerOf, fingerprint, makeSampleRepository, outputOf } from './repository.js';

describe('a registry', () => {
  const cli = createCli();
  const at = ['--registry', 'registry'];
  const directory = join(cli.directory, 'registry');
  const files = (...parts: string[]): string[] => readdirSync(join(directory, ...parts)).sort();

  /** What is served: the lock of those who write is not. */
  const served = () =>
    Object.fromEntries(
      Object.entries(fingerprint(directory)).filter(([path]) => path.endsWith('.json') && !path.startsWith('.')),
    );

  beforeAll(async () => {
    await makeSampleRepository(cli);
    for (const name of ['offline', 'ci', 'owner']) await answerOf(cli, ['key', 'new', name], 'key-new');
    writeFileSync(join(cli.directory, 'owner.pub'), outputOf(await cli.run(['key', 'export', 'owner'])));
  });

  test('is made of nothing but static files', async () => {
    const init = ['registry', 'init', 'registry', '--root-key', 'offline', '--online-key', 'ci'];
    const made = await answerOf<{ root: string }>(cli, init, 'registry-init');
    expect(made.root).toMatch(/^[0-9a-f]{64}$/);
    expect(files('metadata')).toEqual(['1.root.json', '1.snapshot.json', '1.targets.json', 'timestamp.json']);
    expect((await cli.run(init)).stderr).toMatch(/^error: .* has a registry already\n/);
  });

  test('is published in by the owner of a namespace alone, and every version once', async () => {
    const publish = (as: string) => ['registry', 'publish', 'calc', as, ...at];
    expect((await cli.run(publish('mathlab/calc@1.0.0'))).stderr).toMatch(
      /^error: The registry has no namespace "mathlab"/,
    );
    await answerOf(cli, ['registry', 'delegate', 'mathlab', 'owner.pub', ...at], 'registry-delegate');
    const published = await answerOf(cli, publish('mathlab/calc@1.0.0'), 'registry-publish');
    expect(published).toMatchObject({
      name: 'mathlab/calc',
      version: '1.0.0',
      flips: 3,
      description: 'calc',
      waiting: false,
    });
    const before = served();
    expect((await cli.run(publish('mathlab/calc@1.0.0'))).stderr).toMatch(
      /is published already\nhint: A version never changes/,
    );
    expect((await cli.run(publish('mathlab/calc@one'))).code).toBe(129);
    expect((await cli.run(['registry', 'publish', 'calc+math', 'mathlab/both@1.0.0', ...at])).stderr).toMatch(
      /a version is one patch/,
    );
    await answerOf(cli, ['registry', 'delegate', 'other', await lineOf('stranger'), ...at], 'registry-delegate');
    const { [join('metadata', 'timestamp.json')]: stamp, ...rest } = before;
    expect(served()).toMatchObject(rest);
    expect(served()[join('metadata', 'timestamp.json')]).not.toBe(stamp);
    expect((await cli.run(publish('other/calc@1.0.0'))).stderr).toMatch(/^error: Namespace "other" belongs to /);
  });

  /** The public key of somebody whose secret is not here. */
  async function lineOf(name: string): Promise<string> {
    const elsewhere = createCli();
    await answerOf(elsewhere, ['key', 'new', name], 'key-new');
    return outputOf(await elsewhere.run(['key', 'export', name])).trim();
  }

  test('rewrites only what changed when one version more is published', async () => {
    const before = served();
    await answerOf(cli, ['registry', 'publish', 'math', 'mathlab/primes@0.1.0', ...at], 'registry-publish');
    const after = served();
    const changed = Object.keys(before).filter((path) => before[path] !== after[path]);
    const made = Object.keys(after).filter((path) => before[path] === undefined);
    expect(changed).toEqual([join('metadata', 'timestamp.json')]);
    expect(
      made.map((path) =>
        path
          .replace(/[0-9a-f]{62,}/, 'X')
          .replace(/\d+\./, 'N.')
          .replace(/[/\\][0-9a-f]{2}[/\\]/, '/xx/'),
      ),
    ).toEqual(
      expect.arrayContaining([
        'bundles/xx/X.json',
        'metadata/N.mathlab.json',
        'metadata/N.snapshot.json',
        'targets/mathlab/X.index.json',
      ]),
    );
    expect(made).toHaveLength(4);
  });

  test('is yanked from, refreshed, and given other keys', async () => {
    const yank = ['registry', 'yank', 'mathlab/primes@0.1.0'];
    expect(await answerOf(cli, [...yank, 'slow', ...at], 'registry-yank')).toMatchObject({
      yanked: 'slow',
      waiting: false,
    });
    expect(await answerOf(cli, [...yank, '--undo', ...at], 'registry-yank')).not.toHaveProperty('yanked');
    expect((await cli.run(['registry', 'yank', 'mathlab/primes@9.0.0', ...at])).stderr).toMatch(
      /^error: There is no mathlab/,
    );
    const { roles } = await answerOf<{ roles: { role: string; signed: boolean }[] }>(
      cli,
      ['registry', 'refresh', 'registry'],
      'registry-refresh',
    );
    expect(roles.filter(({ signed }) => signed).map(({ role }) => role)).toEqual(['snapshot', 'timestamp']);
    await answerOf(cli, ['key', 'new', 'ci2'], 'key-new');
    const rotate = ['registry', 'rotate', 'timestamp', '--add', 'ci2', '--remove', 'ci', ...at];
    expect(await answerOf(cli, rotate, 'registry-rotate')).toMatchObject({ rootVersion: 2, threshold: 1 });
    expect((await cli.run(rotate)).stderr).toMatch(/is none of this role's/);
    expect(existsSync(join(directory, 'metadata', '2.root.json'))).toBe(true);
  });

  test('waits for the keeper where the owner has no other key', async () => {
    const keeper = join(cli.env.XDG_CONFIG_HOME, 'bankai', 'keys', 'ci2.json');
    const secret = readFileSync(keeper);
    rmSync(keeper);
    const publish = ['registry', 'publish', 'calc', 'mathlab/calc@1.1.0', ...at];
    expect(await answerOf(cli, publish, 'registry-publish')).toMatchObject({ waiting: true });
    const stamp = readFileSync(join(directory, 'metadata', 'timestamp.json'));
    expect((await cli.run(['registry', 'refresh', 'registry'])).stderr).toMatch(
      /^error: "timestamp" takes 1 of the keys/,
    );
    expect(readFileSync(join(directory, 'metadata', 'timestamp.json')).equals(stamp)).toBe(true);
    writeFileSync(keeper, secret, { mode: 0o600 });
    const { roles } = await answerOf<{ roles: { role: string; version: number }[] }>(
      cli,
      ['registry', 'refresh', 'registry'],
      'registry-refresh',
    );
    expect(roles.find(({ role }) => role === 'mathlab')?.version).toBeGreaterThan(3);
  });
});
