/** Owns remotes as git keeps them: sections of the configuration, and the refs that say where their branches were last seen. */
import { RepositoryError } from '../errors.js';
import type { RefChange } from './change-refs.js';
import type { ConfigChange } from './git-config-write.js';
import { readEntries } from './git-config.js';
import { reporting } from './git-error.js';
import type { LocalChange } from './local-change.js';
import { assertRefName } from './ref-name.js';
import { listRefNames, readRefValue } from './refs.js';
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

/** A remote, and the change of the repository that makes it so. */
export interface RemoteChange {
  readonly remote: Remote;
  readonly change: LocalChange;
}

/** Adds a remote whose branches are kept as `<name>/<branch>`. Throws NAME_INVALID, REMOTE_EXISTS. */
export async function addRemote(repository: Repository, name: string, url: string): Promise<RemoteChange> {
  await assertNewRemote(repository, name);
  const fetch = `+refs/heads/*:refs/remotes/${name}/*`;
  const config = [
    { set: section(name), key: 'url', value: url },
    { set: section(name), key: 'fetch', value: fetch },
  ];
  return { remote: { name, url, fetch: [fetch] }, change: { config } };
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

/** Removes a remote, what was fetched of its branches, and that branches of ours follow them. Throws REMOTE_UNKNOWN. */
export async function removeRemote(repository: Repository, name: string): Promise<RemoteChange> {
  const remote = await findRemote(repository, name);
  const followers = followersOf(repository, name).flatMap((branch): ConfigChange[] => [
    { unset: branch, key: 'remote' },
    { unset: branch, key: 'merge' },
  ]);
  const { refs, writes } = trackingRefs(repository, name);
  return { remote, change: { refs, writes, config: [...followers, { remove: section(name) }] } };
}

/** Gives a remote another name; its branches and who follows them come along. Throws REMOTE_UNKNOWN, REMOTE_EXISTS. */
export async function renameRemote(repository: Repository, from: string, to: string): Promise<RemoteChange> {
  const remote = await findRemote(repository, from);
  await assertNewRemote(repository, to);
  const moved = (ref: string): string => ref.replace(`refs/remotes/${from}/`, `refs/remotes/${to}/`);
  const { refs, writes, heads } = trackingRefs(repository, from);
  const fetch = remote.fetch.map(moved);
  const change = {
    refs: [...refs, ...refs.map(({ name, before }) => ({ name: moved(name), after: before }))],
    writes: [
      ...writes,
      ...heads.map(({ name, ref }) => ({ path: `.git/${moved(name)}`, content: `ref: ${moved(ref)}\n` })),
    ],
    config: [
      { rename: section(from), to: section(to) },
      { unset: section(to), key: 'fetch' },
      ...fetch.map((value): ConfigChange => ({ add: section(to), key: 'fetch', value })),
      ...followersOf(repository, from).map((set): ConfigChange => ({ set, key: 'remote', value: to })),
    ],
  };
  return { remote: { ...remote, name: to, fetch }, change };
}

/** Changes where a remote is, or where it is pushed to. Throws REMOTE_UNKNOWN. */
export async function setRemoteUrl(
  repository: Repository,
  name: string,
  url: string,
  { push = false }: { push?: boolean } = {},
): Promise<RemoteChange> {
  const remote = await findRemote(repository, name);
  const config = [{ set: section(name), key: push ? 'pushurl' : 'url', value: url }];
  return { remote: { ...remote, ...(push ? { pushUrl: url } : { url }) }, change: { config } };
}

/** What a branch follows; undefined where nothing was said. */
export function readUpstream(repository: Repository, branch: string): Upstream | undefined {
  const settings = new Map(readEntries(repository));
  const [remote, ref] = ['remote', 'merge'].map((key) => settings.get(`branch.${branch}.${key}`));
  return remote === undefined || ref === undefined ? undefined : { remote, ref };
}

/** What makes a branch follow one of a remote. */
export const followingSettings = (branch: string, { remote, ref }: Upstream): ConfigChange[] => [
  { set: `branch.${branch}`, key: 'remote', value: remote },
  { set: `branch.${branch}`, key: 'merge', value: ref },
];

const section = (name: string): string => `remote.${name}`;

/** The sections of the branches that follow a remote. */
const followersOf = (repository: Repository, remote: string): string[] =>
  readEntries(repository).flatMap(([name, value]) =>
    value === remote && /^branch\.[^]+\.remote$/.test(name) ? [name.slice(0, -'.remote'.length)] : [],
  );

/** The refs of a remote as they go: `heads` are those that name another ref, which are files, and so are their logs. */
function trackingRefs(repository: Repository, remote: string) {
  const refs: RefChange[] = [];
  const heads: { name: string; ref: string }[] = [];
  for (const name of listRefNames(repository, `refs/remotes/${remote}/`)) {
    const value = readRefValue(repository, name);
    if (value && 'ref' in value) heads.push({ name, ref: value.ref });
    else if (value) refs.push({ name, before: value.oid });
  }
  const writes = heads.flatMap(({ name }) => [{ path: `.git/${name}` }, { path: `.git/logs/${name}` }]);
  return { refs, writes, heads };
}
