/** Remotes: the real git sees each change as its own, and we see its changes. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { readHead } from '../../src/repo/branch.js';
import { changeLocally } from '../../src/repo/local-change.js';
import * as remotes from '../../src/repo/remotes.js';
import { findRemote, followingSettings, listRemotes, readUpstream, type RemoteChange } from '../../src/repo/remotes.js';
import type { Repository } from '../../src/repo/repository.js';
import { newRepository, runGit } from './sandbox.js';

let repository: Repository;
const git = (...args: string[]) => runGit(repository.directory, ...args);
const url = 'https://example.org/a.git';

/** Makes the change of a remote, twice: a crash may have it repeated. */
async function make(planned: Promise<RemoteChange>) {
  const { remote, change } = await planned;
  for (let i = 0; i < 2; i++) await changeLocally(repository, change);
  return remote;
}
const addRemote = async (_: Repository, name: string, at: string) => make(remotes.addRemote(repository, name, at));
const removeRemote = async (_: Repository, name: string) => make(remotes.removeRemote(repository, name));
const renameRemote = async (_: Repository, from: string, to: string) =>
  make(remotes.renameRemote(repository, from, to));
const setRemoteUrl = async (_: Repository, name: string, at: string, options?: { push?: boolean }) =>
  make(remotes.setRemoteUrl(repository, name, at, options));
const setUpstream = async (_: Repository, branch: string, upstream: remotes.Upstream) =>
  changeLocally(repository, { config: followingSettings(branch, upstream) });

beforeEach(async () => {
  repository = await newRepository();
});

/** What git would have done, in a repository of the same beginning. */
async function asGit(...commands: string[][]): Promise<string> {
  const other = await newRepository();
  for (const args of commands) runGit(other.directory, ...args);
  return runGit(other.directory, 'config', '--local', '--list');
}
const settings = () => git('config', '--local', '--list');

describe('a remote', () => {
  test('is added as git adds it', async () => {
    expect(await addRemote(repository, 'origin', url)).toEqual((await listRemotes(repository))[0]);
    expect(settings()).toBe(await asGit(['remote', 'add', 'origin', url]));
    expect(await findRemote(repository, 'origin')).toMatchObject({ name: 'origin', url });
  });

  test('that git added is listed, with the address to push to', async () => {
    git('remote', 'add', 'with.dot', url);
    git('remote', 'set-url', '--push', 'with.dot', '/b');
    expect(await listRemotes(repository)).toEqual([
      { name: 'with.dot', url, pushUrl: '/b', fetch: ['+refs/heads/*:refs/remotes/with.dot/*'] },
    ]);
  });

  test('moves as git moves it', async () => {
    await addRemote(repository, 'origin', url);
    await setRemoteUrl(repository, 'origin', '/c');
    await setRemoteUrl(repository, 'origin', '/d', { push: true });
    expect(settings()).toBe(
      await asGit(
        ['remote', 'add', 'origin', url],
        ['remote', 'set-url', 'origin', '/c'],
        ['remote', 'set-url', '--push', 'origin', '/d'],
      ),
    );
  });

  test('takes its refs and its followers along to another name, and to nowhere', async () => {
    const { commit } = await readHead(repository);
    await addRemote(repository, 'origin', url);
    git('update-ref', 'refs/remotes/origin/main', commit);
    git('update-ref', 'refs/remotes/origin/a/b', commit);
    git('pack-refs', '--all');
    git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
    await setUpstream(repository, 'main', { remote: 'origin', ref: 'refs/heads/main' });
    await renameRemote(repository, 'origin', 'up');
    expect(readUpstream(repository, 'main')).toEqual({ remote: 'up', ref: 'refs/heads/main' });
    expect(git('for-each-ref', '--format=%(refname)', 'refs/remotes').split('\n')).toEqual([
      'refs/remotes/up/HEAD',
      'refs/remotes/up/a/b',
      'refs/remotes/up/main',
    ]);
    expect(git('symbolic-ref', 'refs/remotes/up/HEAD')).toBe('refs/remotes/up/main');
    expect(git('rev-parse', '--abbrev-ref', '@{upstream}')).toBe('up/main');
    await removeRemote(repository, 'up');
    expect(git('for-each-ref', 'refs/remotes')).toBe('');
    expect([readUpstream(repository, 'main'), await listRemotes(repository)]).toEqual([undefined, []]);
    expect(git('fsck', '--strict')).toBe('');
  });

  test('that is not there, or there already, or cannot be called so is refused', async () => {
    await addRemote(repository, 'origin', url);
    await expect(findRemote(repository, 'other')).toFailWithCode('REMOTE_UNKNOWN');
    await expect(removeRemote(repository, 'other')).toFailWithCode('REMOTE_UNKNOWN');
    await expect(renameRemote(repository, 'other', 'x')).toFailWithCode('REMOTE_UNKNOWN');
    await expect(setRemoteUrl(repository, 'other', url)).toFailWithCode('REMOTE_UNKNOWN');
    for (const name of ['origin', 'origin/a']) {
      await expect(addRemote(repository, name, url)).toFailWithCode('REMOTE_EXISTS');
    }
    for (const name of ['', '../x', 'a b', '-x']) {
      await expect(addRemote(repository, name, url)).toFailWithCode('NAME_INVALID');
    }
  });
});
