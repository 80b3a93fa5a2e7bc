/** Owns remotes as git keeps them: sections of the configuration, and the refs that say where their branches were last seen. */
import { RepositoryError } from '../errors.js';
import { type ConfigChange, changeConfig } from './git-config-write.js';
import { readEntries } from './git-config.js';
import { reporting } from './git-error.js';
import { assertRefName } from './ref-name.js';
import { deleteRef, listRefs, readRefValue, writeRef } from './refs.js';
import type { Repository } from './repository.js';

/** A remote repository, by the name it has here. */
export interface Remote {
  readonly name: string;
  readonly url: string;
  /** Where to push, if that is elsewhere. */
  readonly pushUrl?: string;
  /** What is fetched to where: `+refs/heads/*:refs/remotes/origin/*`. */
  readonly fetch: readonly string[];
}

/** The branch of a remote that a branch of ours follows. */
export interface Upstream {
  readonly remote: string;
  /** Its full name over there: `refs/heads/main`. */
  readonly ref: string;
}

/** Lists the remotes in the order of their names. A section without URL is none. Throws REPOSITORY_CORRUPT. */
export async function listRemotes(repository: Repository): Promise<Remote[]> {
  return reporting('read the remotes', async () => {
    const byName = new Map<string, { url?: string; pushUrl?: string; fetch: string[] }>();
    for (const [setting, value] of readEntries(repository)) {
      const [, name, key] = /^remote\.([^]+)\.([a-z-]+)$/.exec(setting) ?? [];
      if (name === undefined) continue;
      const remote = byName.get(name) ?? { fetch: [] };
      byName.set(name, remote);
      // As git does, of several addresses we fetch from the first.
      if (key === 'url') remote.url ??= value;
      if (key === 'pushurl') remote.pushUrl ??= value;
      if (key === 'fetch') remote.fetch.push(value);
    }
    return [...byName]
      .flatMap(([name, { url, pushUrl, fetch }]) =>
        url === undefined ? [] : [{ name, url, ...(pushUrl !== undefined && { pushUrl }), fetch }],
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}

/** Finds a remote. Throws REMOTE_UNKNOWN. */
export async function findRemote(repository: Repository, name: string): Promise<Remote> {
  const remotes = await listRemotes(repository);
  const remote = remotes.find((known) => known.name === name);
  if (remote) return remote;
  throw new RepositoryError('REMOTE_UNKNOWN', `There is no remote "${name}"`, {
    hint:
      remotes.length > 0
        ? `There ${remotes.length === 1 ? 'is' : 'are'} ${remotes.map((known) => known.name).join(', ')}.`
        : `Add it with "bankai remote add ${name} URL".`,
    data: { name },
  });
}

/** Adds a remote whose branches are kept as `<name>/<branch>`. Throws NAME_INVALID, REMOTE_EXISTS, IO. */
export async function addRemote(repository: Repository, name: string, url: string): Promise<Remote> {
  await assertNewRemote(repository, name);
  const fetch = `+refs/heads/*:refs/remotes/${name}/*`;
  await changeConfig(repository, [
    { set: section(name), key: 'url', value: url },
    { set: section(name), key: 'fetch', value: fetch },
  ]);
  return { name, url, fetch: [fetch] };
}

async function assertNewRemote(repository: Repository, name: string): Promise<void> {
  assertRefName(name);
  const near = (await listRemotes(repository)).find(
    (remote) => remote.name === name || remote.name.startsWith(`${name}/`) || name.startsWith(`${remote.name}/`),
  );
  if (near === undefined) return;
  throw new RepositoryError('REMOTE_EXISTS', `Cannot use "${name}": there is a remote "${near.name}" already`, {
    hint: `Use "bankai remote set-url ${near.name} URL" to change its address, or choose another name.`,
    data: { name: near.name },
  });
}

/** Removes a remote, what was fetched of its branches, and that branches of ours follow them. Throws REMOTE_UNKNOWN, IO. */
export async function removeRemote(repository: Repository, name: string): Promise<Remote> {
  const remote = await findRemote(repository, name);
  const followers = followersOf(repository, name).flatMap((branch): ConfigChange[] => [
    { unset: branch, key: 'remote' },
    { unset: branch, key: 'merge' },
  ]);
  await changeConfig(repository, [...followers, { remove: section(name) }]);
  await dropTrackingRefs(repository, name);
  return remote;
}

/** Gives a remote another name; its branches and who follows them come along. Throws REMOTE_UNKNOWN, REMOTE_EXISTS, IO. */
export async function renameRemote(repository: Repository, from: string, to: string): Promise<Remote> {
  const remote = await findRemote(repository, from);
  await assertNewRemote(repository, to);
  const moved = (ref: string): string => ref.replace(`refs/remotes/${from}/`, `refs/remotes/${to}/`);
  await reporting(`rename the refs of ${from}`, async () => {
    for (const ref of listRefs(repository, `refs/remotes/${from}/`).keys()) {
      const value = readRefValue(repository, ref);
      if (value) await writeRef(repository, moved(ref), 'ref' in value ? { ref: moved(value.ref) } : value);
    }
  });
  const fetch = remote.fetch.map(moved);
  await changeConfig(repository, [
    { unset: section(from), key: 'fetch' },
    ...fetch.map((value): ConfigChange => ({ add: section(from), key: 'fetch', value })),
    { rename: section(from), to: section(to) },
    ...followersOf(repository, from).map((set): ConfigChange => ({ set, key: 'remote', value: to })),
  ]);
  await dropTrackingRefs(repository, from);
  return { ...remote, name: to, fetch };
}

/** Changes where a remote is, or where it is pushed to. Throws REMOTE_UNKNOWN, IO. */
export async function setRemoteUrl(
  repository: Repository,
  name: string,
  url: string,
  { push = false }: { push?: boolean } = {},
): Promise<Remote> {
  const remote = await findRemote(repository, name);
  await changeConfig(repository, [{ set: section(name), key: push ? 'pushurl' : 'url', value: url }]);
  return { ...remote, ...(push ? { pushUrl: url } : { url }) };
}

/** What a branch follows; undefined where nothing was said. */
export function readUpstream(repository: Repository, branch: string): Upstream | undefined {
  const settings = new Map(readEntries(repository));
  const [remote, ref] = ['remote', 'merge'].map((key) => settings.get(`branch.${branch}.${key}`));
  return remote === undefined || ref === undefined ? undefined : { remote, ref };
}

/** Makes a branch follow one of a remote. Throws IO. */
export async function setUpstream(repository: Repository, branch: string, { remote, ref }: Upstream): Promise<void> {
  await changeConfig(repository, [
    { set: `branch.${branch}`, key: 'remote', value: remote },
    { set: `branch.${branch}`, key: 'merge', value: ref },
  ]);
}

const section = (name: string): string => `remote.${name}`;

/** The sections of the branches that follow a remote. */
const followersOf = (repository: Repository, remote: string): string[] =>
  readEntries(repository).flatMap(([name, value]) =>
    value === remote && /^branch\.[^]+\.remote$/.test(name) ? [name.slice(0, -'.remote'.length)] : [],
  );

async function dropTrackingRefs(repository: Repository, name: string): Promise<void> {
  await reporting(`remove the refs of ${name}`, async () => {
    for (const ref of listRefs(repository, `refs/remotes/${name}/`).keys()) await deleteRef(repository, ref);
  });
}
