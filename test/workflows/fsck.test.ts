/** The repository examined and tidied: what plain git says of the same files, and what only we can say. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { checkObjects } from '../../src/repo/check-objects.js';
import { withLock } from '../../src/repo/lock.js';
import { describeRepository } from '../../src/repo/repository.js';
import { checkout } from '../../src/workflows/checkout.js';
import { fsck } from '../../src/workflows/fsck.js';
import { gc } from '../../src/workflows/gc.js';
import { createCli } from '../e2e/cli.js';
import { digestOf, makeSampleRepository } from '../e2e/repository.js';
import { temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';

const cli = createCli();
let directory = '';
let template = '';

beforeEach(async () => {
  if (template === '') {
    template = cli.directory;
    await makeSampleRepository(cli);
    await checkout(template, 'calc+math');
  }
  directory = join(temporaryDirectory(), 'copy');
  cpSync(template, directory, { recursive: true, preserveTimestamps: true });
});

const git = (...args: string[]) => runGit(directory, ...args);
const inGit = (...parts: string[]) => join(directory, '.git', ...parts);
const objectPath = (oid: string) => inGit('objects', oid.slice(0, 2), oid.slice(2));
const gitFsck = () => {
  try {
    git('fsck', '--strict', '--full', '--no-dangling');
    return 'clean';
  } catch {
    return 'bad';
  }
};

/** Writes an object whatever it holds. → its id */
function plant(type: string, content: string | Buffer): string {
  const bytes = Buffer.concat([Buffer.from(`${type} ${Buffer.byteLength(content)}\0`), Buffer.from(content)]);
  const oid = createHash('sha1').update(bytes).digest('hex');
  const path = objectPath(oid);
  if (!existsSync(join(path, '..'))) cpSync(inGit('refs', 'tags'), join(path, '..'), { recursive: true });
  writeFileSync(path, deflateSync(bytes));
  return oid;
}

function damage(oid: string): void {
  chmodSync(objectPath(oid), 0o644);
  const bytes = readFileSync(objectPath(oid));
  bytes[bytes.length >> 1] ^= 0x10;
  writeFileSync(objectPath(oid), bytes);
}

describe('fsck', () => {
  test('finds nothing in a sound repository, loose or packed by git', async () => {
    const commits = Number(git('rev-list', '--all', '--count'));
    const sound = { ok: true, commits, patches: 2, findings: [] };
    expect(commits).toBeGreaterThanOrEqual(4);
    expect(await fsck(directory)).toMatchObject(sound);
    git('gc', '--quiet');
    expect(await fsck(directory)).toMatchObject(sound);
  });

  const empty = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
  const person = 'A <a@b.c> 1700000000 +0000';
  const blob = (name: string) =>
    Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391', 'hex')]);
  const bad: readonly [string, string, string | Buffer][] = [
    ['a tree out of order', 'tree', Buffer.concat([blob('b'), blob('a')])],
    ['a tree with a name twice', 'tree', Buffer.concat([blob('a'), blob('a')])],
    ['a tree with .git', 'tree', blob('.git')],
    ['a tree with a path', 'tree', blob('a/b')],
    ['a commit without committer', 'commit', `tree ${empty}\nauthor ${person}\n\nx\n`],
    ['a commit without tree', 'commit', `author ${person}\ncommitter ${person}\n\nx\n`],
    ['a commit with a bad date', 'commit', `tree ${empty}\nauthor A <a@b.c> 07 +0000\ncommitter ${person}\n\nx\n`],
    ['a commit by <>>', 'commit', `tree ${empty}\nauthor A <a>b> 7 +0000\ncommitter ${person}\n\nx\n`],
    [
      'a commit with two authors',
      'commit',
      `tree ${empty}\nauthor ${person}\nauthor ${person}\ncommitter ${person}\n\n`,
    ],
    ['a commit with NUL', 'commit', `tree ${empty}\nauthor ${person}\ncommitter ${person}\n\nx\0y\n`],
    ['a tag without type', 'tag', `object ${empty}\ntag x\ntagger ${person}\n\nx\n`],
  ];

  test.each(bad)('finds %s, as git does', async (_, type, content) => {
    plant('tree', '');
    plant('blob', '');
    const oid = plant(type, content);
    expect(gitFsck()).toBe('bad');
    expect(await fsck(directory)).toMatchObject({ ok: false, findings: [{ area: 'object', subject: oid }] });
  });

  test.each(['HEAD:bankai.json', 'HEAD:patches', 'HEAD'])('finds that %s is damaged or missing', async (name) => {
    const oid = git('rev-parse', name);
    damage(oid);
    expect(gitFsck()).toBe('bad');
    const subjects = async () => (await fsck(directory)).findings.map(({ subject }) => subject);
    expect(await subjects()).toContain(oid);
    rmSync(objectPath(oid));
    expect(await subjects()).toContain(oid);
  });

  test('finds a damaged pack and a damaged index of one', async () => {
    git('gc', '--quiet');
    for (const extension of ['pack', 'idx']) {
      const name = readdirSync(inGit('objects', 'pack')).find((each) => each.endsWith(`.${extension}`)) ?? '';
      const path = inGit('objects', 'pack', name);
      chmodSync(path, 0o644);
      const whole = readFileSync(path);
      writeFileSync(path, whole.with(whole.length >> 1, whole[whole.length >> 1] ^ 1));
      expect(checkObjects(describeRepository(directory)).problems).toContainEqual({
        ...{ area: 'pack', subject: name, problem: 'its checksum is wrong' },
      });
      writeFileSync(path, whole);
    }
  });

  test.each([
    ['a ref that is none', 'refs/heads/calc', 'nonsense\n', 'ref'],
    ['a ref to nothing', 'refs/heads/calc', `${'12'.repeat(20)}\n`, 'object'],
    ['a HEAD beside the branches', 'HEAD', 'ref: refs/tags/calc\n', 'ref'],
    ['a damaged index', 'index', 'DIRC nonsense, and long enough to be one', 'index'],
  ])('finds %s', async (_, file, text, area) => {
    writeFileSync(inGit(file), text);
    expect((await fsck(directory)).findings.map((finding) => finding.area)).toContain(area);
  });

  test('finds what git cannot know: a patch, a statement, the state, a byte of the model', async () => {
    const replace = (path: string, change: (text: string) => string) => {
      writeFileSync(join(directory, path), change(readFileSync(join(directory, path), 'utf8')));
    };
    const [patch] = git('ls-files', 'patches').split('\n');
    const [statement] = git('ls-files', 'evidence/*/*/import.*').split('\n');
    replace(patch, (text) => text.replace(/"weights":"../, '"weights":"zz'));
    replace(patch, (text) => `${text} `);
    replace(statement, (text) => `${text} `);
    git('commit', '--quiet', '--all', '--message', 'forged');
    expect(gitFsck()).toBe('clean');
    const model = readFileSync(join(directory, 'working.gguf'));
    writeFileSync(join(directory, 'working.gguf'), model.with(model.length - 1, model[model.length - 1] ^ 1));
    const areas = new Set((await fsck(directory)).findings.map(({ area }) => area));
    expect([...areas].sort()).toEqual(['evidence', 'model', 'patch']);
    writeFileSync(inGit('bankai', 'state.json'), '{}');
    expect((await fsck(directory)).findings.map(({ area }) => area)).toContain('state');
  });
});

describe('gc', () => {
  const now = Date.now();
  const looseCount = () =>
    readdirSync(inGit('objects')).flatMap((name) => (name.length === 2 ? readdirSync(inGit('objects', name)) : []))
      .length;

  test('packs what is loose so that git and we read it, and the second time has nothing to do', async () => {
    const [before, model, log] = [
      looseCount(),
      digestOf(join(directory, 'working.gguf')),
      git('log', '--all', '--stat'),
    ];
    // Records of operations that can no longer be undone.
    const unreachable = git('fsck', '--unreachable')
      .split('\n')
      .filter((line) => line !== '').length;
    const packed = before - unreachable;
    expect(await gc(directory, { prune: false, now })).toMatchObject({ packed, pruned: 0, unreachable });
    expect(looseCount()).toBe(unreachable);
    expect(gitFsck()).toBe('clean');
    git(
      'verify-pack',
      ...readdirSync(inGit('objects', 'pack')).flatMap((name) =>
        name.endsWith('.idx') ? [inGit('objects', 'pack', name)] : [],
      ),
    );
    expect(git('log', '--all', '--stat')).toBe(log);
    expect(await fsck(directory)).toMatchObject({ ok: true });
    expect(digestOf(join(directory, 'working.gguf'))).toBe(model);
    await checkout(directory, 'base');
    await checkout(directory, 'calc+math');
    expect(digestOf(join(directory, 'working.gguf'))).toBe(model);
    expect(await gc(directory, { prune: true, now })).toMatchObject({ packed: 0, pruned: 0 });
  });

  test('keeps what only the working model needs, and prunes what nothing has needed for two weeks', async () => {
    await checkout(directory, 'calc');
    git('update-ref', '-d', 'refs/heads/calc');
    git('symbolic-ref', 'HEAD', 'refs/heads/math');
    git('reflog', 'expire', '--expire=now', '--all');
    const [old, young] = [plant('blob', 'old'), plant('blob', 'young')];
    const weeksAgo = (now - 15 * 24 * 3600_000) / 1000;
    utimesSync(objectPath(old), weeksAgo, weeksAgo);
    expect(await gc(directory, { prune: false, now })).toMatchObject({ pruned: 0 });
    expect(existsSync(objectPath(old))).toBe(true);
    expect(await gc(directory, { prune: true, now })).toMatchObject({ pruned: 1 });
    expect([existsSync(objectPath(old)), existsSync(objectPath(young))]).toEqual([false, true]);
    git('rev-parse', '--verify', 'refs/bankai/model^{tree}');
    await checkout(directory, 'base');
    expect(await fsck(directory)).toMatchObject({ ok: true });
  });

  test('removes what a crash left unfinished, once its writer must be gone', async () => {
    const names = [inGit('objects', 'tmp_obj_1'), inGit('bankai', `.state.json.${'a'.repeat(12)}.tmp`)];
    for (const name of names) writeFileSync(name, 'half');
    expect(await gc(directory, { prune: false, now })).toMatchObject({ leftovers: 0 });
    expect(await gc(directory, { prune: false, now: now + 2 * 3600_000 })).toMatchObject({ leftovers: 2 });
    expect(names.map((name) => existsSync(name))).toEqual([false, false]);
  });

  test('changes nothing while the repository is locked, or when something is missing', async () => {
    const before = looseCount();
    await withLock(describeRepository(directory), async () => {
      await expect(gc(directory, { prune: true, now })).toFailWithCode('REPOSITORY_LOCKED');
    });
    rmSync(objectPath(git('rev-parse', 'calc:patches')));
    await expect(gc(directory, { prune: true, now })).toFailWithCode('REPOSITORY_CORRUPT');
    expect(looseCount()).toBe(before - 1);
  });
});
