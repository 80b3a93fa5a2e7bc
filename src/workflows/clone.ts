/** Owns `bankai clone`: a repository of somebody else's here, and with a base model given, ready to use. */
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RepositoryError } from '../errors.js';
import { makeCloneTarget } from '../repo/create-repository.js';
import type { CommitId } from '../repo/ids.js';
import { withLock } from '../repo/lock.js';
import { moveHead } from '../repo/move-head.js';
import { resolveRef } from '../repo/refs.js';
import { changeLocally } from '../repo/local-change.js';
import { addRemote, followingSettings, listRemotes, type Remote } from '../repo/remotes.js';
import { describeRepository, isInitialised, type Repository } from '../repo/repository.js';
import { readState } from '../repo/state.js';
import type { Advertisement } from '../transport/connection.js';
import { readTransportSettings, rewriteAddress } from '../transport/configured.js';
import { parseAddress } from '../transport/url.js';
import { type Actor, noteOf } from './actor.js';
import { fetchFrom, type FetchOutcome, noteRemoteHead, type RemoteOptions } from './fetch.js';
import { init, type InitOutcome } from './init.js';

export interface CloneRequest {
  readonly url: string;
  /** Where relative addresses start. */
  readonly from: string;
  /** Must not exist, or be empty, or be what an interrupted clone of the same address left. */
  readonly directory: string;
  /** The branch to be on, by default that of the remote's HEAD. */
  readonly branch?: string;
  /** Path of the base model. */
  readonly model?: string;
  readonly onModel?: (done: number, total: number) => void;
}

export interface CloneOutcome {
  readonly repository: string;
  readonly fetched: FetchOutcome;
  /** Absent for a remote without branches. */
  readonly head?: { readonly branch: string; readonly commit: CommitId; readonly patches: number };
  /** With a base model. */
  readonly model?: InitOutcome['model'];
  /** What policies that only warn have against the patches that came into the model. */
  readonly warnings: readonly string[];
}

const ORIGIN = 'origin';

/**
 * Clones a repository. What was made is removed when it fails; one that was killed is gone on with when it is called
 * again. Throws FILE_EXISTS, URL_INVALID, UNKNOWN_REVISION, and as `fetchFrom` and `init`.
 */
export async function clone(request: CloneRequest, actor: Actor, options: RemoteOptions): Promise<CloneOutcome> {
  const { directory } = request;
  const settings = await readTransportSettings(undefined, options.configuration?.places);
  const meant = rewriteAddress(request.url, settings);
  const address = parseAddress(meant, request.from);
  // A relative path means something else in there.
  const isPath = meant === request.url && address.way === 'git' && address.path !== undefined;
  const url = isPath ? address.path : request.url;
  const existed = existsSync(directory);
  const fresh = await assertPlace(directory, url);
  try {
    const repository = await makeCloneTarget(directory);
    const { head, fetched } = await withLock(repository, () => bring(repository, url, request, actor, options));
    const { model: path, onModel } = request;
    if (path === undefined) return { repository: directory, fetched, ...(head && { head }), warnings: [] };
    const ready = { directory, model: path, inPlace: false, actor, ...(onModel && { onProgress: onModel }) };
    const { model, warnings } = await init(ready);
    return { repository: directory, fetched, ...(head && { head }), model, warnings };
  } catch (error) {
    if (fresh) await removeWhatWasMade(directory, existed);
    throw error;
  }
}

/** Whether there is nothing yet; else it must be an unfinished clone of the same address. Throws FILE_EXISTS. */
async function assertPlace(directory: string, url: string): Promise<boolean> {
  if (!existsSync(directory)) return true;
  const names = await Promise.resolve().then(() => readdirSync(directory));
  if (names.length === 0) return true;
  let hint = 'Choose another directory: bankai clone URL DIR.';
  if (names.includes('.git')) {
    const repository = describeRepository(directory);
    const [origin] = await listRemotes(repository);
    const bare = origin === undefined && names.length === 1 && resolveRef(repository, 'HEAD') === undefined;
    if (!(await isInitialised(repository)) && (origin?.url === url || bare)) return false;
    // Its model may still be the base: somebody may have been interrupted at the very end.
    if (origin?.url === url)
      hint = 'It is a clone of that already: "bankai checkout HEAD" in there makes its model ready.';
  }
  throw new RepositoryError('FILE_EXISTS', `${directory} exists already and is not empty`, {
    hint,
    data: { path: directory },
  });
}

async function bring(
  repository: Repository,
  url: string,
  { branch: wanted }: CloneRequest,
  actor: Actor,
  options: RemoteOptions,
): Promise<Pick<CloneOutcome, 'head' | 'fetched'>> {
  const remote =
    (await listRemotes(repository)).find(({ name }) => name === ORIGIN) ?? (await makeOrigin(repository, url));
  const { outcome, advertised, refs, note } = await fetchFrom(repository, remote, {}, actor, options);
  await changeLocally(repository, { refs, note });
  await noteRemoteHead(repository, ORIGIN, advertised);
  const branch = chooseBranch(repository, advertised, wanted);
  if (branch === undefined) return { fetched: outcome };
  const commit = resolveRef(repository, `refs/remotes/${ORIGIN}/${branch}`) as CommitId;
  if (resolveRef(repository, 'HEAD') === undefined) {
    const note = await noteOf(repository, actor, `clone: from ${outcome.url}`);
    await moveHead(repository, { from: undefined, to: commit, branch, note });
  }
  await changeLocally(repository, {
    config: followingSettings(branch, { remote: ORIGIN, ref: `refs/heads/${branch}` }),
  });
  return { fetched: outcome, head: { branch, commit, patches: (await readState(repository, commit)).length } };
}

async function makeOrigin(repository: Repository, url: string): Promise<Remote> {
  const { remote, change } = await addRemote(repository, ORIGIN, url);
  await changeLocally(repository, change);
  return remote;
}

function chooseBranch(
  repository: Repository,
  { head, refs }: Advertisement,
  wanted: string | undefined,
): string | undefined {
  const names = [...refs.keys()].flatMap((ref) => /^refs\/heads\/(.+)$/.exec(ref)?.[1] ?? []);
  const there = names.filter((name) => resolveRef(repository, `refs/remotes/${ORIGIN}/${name}`) !== undefined);
  if (wanted !== undefined && !there.includes(wanted)) {
    throw new RepositoryError('UNKNOWN_REVISION', `The remote has no branch "${wanted}"`, {
      hint: there.length > 0 ? `It has ${there.join(', ')}.` : 'It has no branches yet.',
      data: { name: wanted },
    });
  }
  const preferred = [wanted, head?.replace('refs/heads/', ''), 'main', 'master'];
  return preferred.find((name) => name !== undefined && there.includes(name)) ?? there[0];
}

async function removeWhatWasMade(directory: string, existed: boolean): Promise<void> {
  if (!existsSync(directory)) return;
  const paths = existed ? readdirSync(directory).map((name) => join(directory, name)) : [directory];
  for (const path of paths) await rm(path, { recursive: true, force: true });
}
