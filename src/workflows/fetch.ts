/** Owns `bankai fetch`: what a remote has is asked for, verified in quarantine, and only then known here. */
import { RemoteError, RepositoryError } from '../errors.js';
import type { RefChange } from '../repo/change-refs.js';
import { DESCRIPTOR_PATH } from '../repo/descriptor.js';
import { reporting } from '../repo/git-error.js';
import { descendsFrom } from '../repo/history.js';
import type { CommitId, ObjectId } from '../repo/ids.js';
import { findEntry } from '../repo/object.js';
import { parseTag } from '../repo/parse-commit.js';
import { withQuarantine } from '../repo/quarantine.js';
import { hasObject, readObject } from '../repo/read-object.js';
import type { RefNote } from '../repo/reflog.js';
import { listRefs, readRefValue, resolveRef, writeRef } from '../repo/refs.js';
import { isRefName, parseRefspec, placeOf } from '../repo/refspec.js';
import { type Remote } from '../repo/remotes.js';
import type { Repository } from '../repo/repository.js';
import { connect } from '../transport/connect.js';
import type { Advertisement, ConnectionOptions, RemoteRef } from '../transport/connection.js';
import { type Actor, noteOf } from './actor.js';
import { changeOnly } from './change-refs.js';
import { type Incoming, verifyIncoming } from './incoming.js';
import { chooseRemote } from './upstream.js';
import { changeWorkspace } from './workspace.js';

/** How people are told of what takes time. */
export interface FetchProgress {
  readonly onBytes?: (bytes: number) => void;
  readonly onVerify?: (done: number, total: number) => void;
}

export type RemoteOptions = Omit<ConnectionOptions, 'onBytes'> & FetchProgress;

export interface FetchRequest {
  /** By default the upstream's of the current branch, or `origin`. */
  readonly remote?: string;
  /** Only these branches of it, by name. */
  readonly branches?: readonly string[];
  /** All tags, not only those of what is fetched. */
  readonly tags?: boolean;
  /** Forget branches that are no more over there. */
  readonly prune?: boolean;
}

/** A ref of ours that a fetch moved. */
export interface MovedRef {
  /** Its full name here: `refs/remotes/origin/calc`. */
  readonly ref: string;
  readonly change: 'new' | 'fast-forward' | 'forced' | 'pruned';
  readonly from?: ObjectId;
  readonly to?: ObjectId;
}

export interface FetchOutcome extends Incoming {
  readonly remote: string;
  /** Without password and token. */
  readonly url: string;
  readonly moved: readonly MovedRef[];
  /** Refs of the remote that were left alone, and why. */
  readonly ignored: readonly { readonly ref: string; readonly reason: string }[];
  /** Of the objects that were sent. */
  readonly bytes: number;
}

/** Fetches from a remote. Throws REMOTE_UNKNOWN, NO_UPSTREAM, and as `fetchFrom`. */
export async function fetch(
  directory: string,
  request: FetchRequest,
  actor: Actor,
  options: RemoteOptions,
): Promise<FetchOutcome> {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const remote = await chooseRemote(repository, request.remote);
    const { outcome, refs, note } = await fetchFrom(repository, remote, request, actor, options);
    await changeOnly(workspace, `fetch: ${remote.name}`, { refs, note });
    return outcome;
  });
}

/** What a fetch brought, and the refs that are to move. */
export interface Fetching {
  readonly outcome: FetchOutcome;
  readonly advertised: Advertisement;
  readonly refs: readonly RefChange[];
  readonly note: RefNote;
}

/**
 * Fetches into a locked repository; no ref moves yet. Throws REMOTE_UNREACHABLE, REMOTE_DENIED, REMOTE_NOT_FOUND, REMOTE_PROTOCOL,
 * REMOTE_FAILED, REMOTE_UNSUPPORTED, PACK_INVALID, GIT_MISSING, REPOSITORY_UNSUPPORTED for a remote that has nothing of
 * Bankai's, and as `verifyIncoming`.
 */
export async function fetchFrom(
  repository: Repository,
  remote: Remote,
  request: FetchRequest,
  actor: Actor,
  options: RemoteOptions,
): Promise<Fetching> {
  const { connection, url } = await connect(repository, remote.url, options, { remote: remote.name });
  return withQuarantine(repository, async (quarantine) => {
    const advertised = await connection.advertised();
    const plan = planFetch(remote, advertised, request);
    const known = reachableTips(repository);
    let bytes = 0;
    const bring = async (refs: ReadonlyMap<string, RemoteRef>): Promise<void> => {
      const lacking = new Map([...refs].filter(([, { oid }]) => !hasObject(repository, oid)));
      if (lacking.size > 0) bytes += await connection.fetch(repository, lacking, quarantine);
      const view = quarantine.view();
      for (const [ref, { oid }] of lacking) if (!hasObject(view, oid)) throw notSent(ref, oid);
    };
    await bring(new Map(plan.wanted.map(({ ref, theirs }) => [ref, theirs])));
    // Annotated tags of what we have now come after it, as with git.
    const tags = plan.tags.filter(({ theirs: { oid, peeled = oid } }) => hasObject(quarantine.view(), peeled));
    const came = quarantine.view();
    await bring(
      new Map(tags.flatMap(({ ref, theirs }) => (hasObject(came, theirs.oid) ? [] : [[ref, theirs] as const]))),
    );
    const view = quarantine.view();
    const candidates = [...plan.wanted, ...tags].map((item) => ({ ...item, commit: peelTo(view, item.theirs.oid) }));
    const ignored = [...plan.ignored];
    const accepted: (Planned & { commit: CommitId })[] = [];
    for (const item of candidates) {
      const { commit, ref } = item;
      if (commit === undefined) ignored.push({ ref, reason: 'it names no commit' });
      else if ((await findEntry(view, commit, DESCRIPTOR_PATH)) !== undefined) accepted.push({ ...item, commit });
      else ignored.push({ ref, reason: `it has no ${DESCRIPTOR_PATH}: it is no branch of Bankai's` });
    }
    if (accepted.length === 0 && candidates.length > 0) throw notOurs(url);
    const incoming = await verifyIncoming(
      view,
      accepted.map(({ commit }) => commit),
      known,
      {
        signal: options.signal,
        onProgress: options.onVerify,
      },
    );
    const pruned = request.prune === true ? await stale(repository, remote, advertised) : [];
    const moves = await planMoves(repository, view, accepted, ignored);
    assertPlaces(repository, moves, pruned);
    options.signal?.throwIfAborted();
    if (bytes > 0) await quarantine.accept();
    const moved = [...pruned, ...moves];
    const note = await noteOf(repository, actor, `fetch ${remote.name}`);
    const refs = moved.map((move) => changeOf(move, note));
    return { outcome: { remote: remote.name, url, ...incoming, moved, ignored, bytes }, advertised, refs, note };
  });
}

interface Planned {
  /** Its name over there, and here. */
  readonly ref: string;
  readonly place: string;
  readonly theirs: RemoteRef;
  readonly force: boolean;
}

function planFetch(remote: Remote, { refs }: Advertisement, { branches, tags }: FetchRequest) {
  const specs = remote.fetch.map(parseRefspec);
  const wanted: Planned[] = [];
  const following: Planned[] = [];
  const ignored: { ref: string; reason: string }[] = [];
  for (const name of branches ?? []) {
    if (refs.has(`refs/heads/${name}`)) continue;
    throw new RepositoryError('UNKNOWN_REVISION', `${remote.name} has no branch "${name}"`, {
      hint: `Use "bankai fetch ${remote.name}" to get what it has.`,
      data: { name },
    });
  }
  for (const [ref, theirs] of refs) {
    if (!isRefName(ref)) {
      ignored.push({ ref, reason: 'git allows no such name' });
      continue;
    }
    if (ref.startsWith('refs/tags/')) {
      (tags === true ? wanted : following).push({ ref, place: ref, theirs, force: false });
      continue;
    }
    if (branches && !branches.some((name) => ref === `refs/heads/${name}`)) continue;
    for (const spec of specs) {
      const place = placeOf(spec, ref);
      if (place !== undefined && isRefName(place)) wanted.push({ ref, place, theirs, force: spec.force });
    }
  }
  return { wanted, tags: following, ignored };
}

/** The commits that our refs name: what they reach was verified, or made here. */
function reachableTips(repository: Repository): CommitId[] {
  const oids = new Set([...listRefs(repository, 'refs/').values(), resolveRef(repository, 'HEAD')]);
  return [...oids].flatMap((oid) => (oid === undefined ? [] : (peelTo(repository, oid) ?? [])));
}

/** The commit that an object is, or that a tag names; undefined for all else, or when it is not there. */
function peelTo(repository: Repository, oid: ObjectId): CommitId | undefined {
  let at = oid;
  for (let depth = 0; depth < 16 && hasObject(repository, at); depth++) {
    const { type, content } = readObject(repository, at);
    if (type === 'commit') return at as CommitId;
    if (type !== 'tag') return undefined;
    at = parseTag(content).object;
  }
  return undefined;
}

async function planMoves(
  repository: Repository,
  view: Repository,
  accepted: readonly (Planned & { commit: CommitId })[],
  ignored: { ref: string; reason: string }[],
): Promise<MovedRef[]> {
  const moves: MovedRef[] = [];
  for (const { ref, place, theirs, force, commit } of accepted) {
    const to = theirs.oid;
    const from = resolveRef(repository, place);
    if (from === to) continue;
    if (from === undefined) {
      moves.push({ ref: place, change: 'new', to });
    } else if (place.startsWith('refs/tags/')) {
      ignored.push({ ref, reason: 'a tag of that name is here already, on something else' });
    } else {
      const ahead = hasObject(view, from) && (await descendsFrom(view, commit, from as CommitId));
      if (ahead || force) moves.push({ ref: place, change: ahead ? 'fast-forward' : 'forced', from, to });
      else ignored.push({ ref, reason: 'its history does not go on from what is here (non-fast-forward)' });
    }
  }
  return moves;
}

/** Remote-tracking branches whose branch is no more. */
async function stale(repository: Repository, remote: Remote, { refs }: Advertisement): Promise<MovedRef[]> {
  const places = new Set<string | undefined>();
  for (const spec of remote.fetch.map(parseRefspec)) for (const ref of refs.keys()) places.add(placeOf(spec, ref));
  return [...listRefs(repository, `refs/remotes/${remote.name}/`)]
    .filter(([ref]) => !places.has(ref) && !ref.endsWith('/HEAD'))
    .map(([ref, from]) => ({ ref, change: 'pruned' as const, from }));
}

/** Refs are files: one cannot be the directory of another. */
function assertPlaces(repository: Repository, moves: readonly MovedRef[], pruned: readonly MovedRef[]): void {
  const gone = new Set(pruned.map(({ ref }) => ref));
  const present = new Set([...listRefs(repository, 'refs/').keys()].filter((ref) => !gone.has(ref)));
  for (const { ref } of moves) present.add(ref);
  for (const ref of present) {
    for (let at = ref.lastIndexOf('/'); at > 0; at = ref.lastIndexOf('/', at - 1)) {
      if (!present.has(ref.slice(0, at))) continue;
      throw new RepositoryError('BRANCH_EXISTS', `Cannot keep both "${ref}" and "${ref.slice(0, at)}"`, {
        hint: 'One of them may be no more over there: fetch with --prune.',
        data: { name: ref },
      });
    }
  }
}

function changeOf({ ref, change, from, to }: MovedRef, { message }: RefNote): RefChange {
  const how = { new: 'storing head', 'fast-forward': 'fast-forward', forced: 'forced-update', pruned: '' }[change];
  return {
    name: ref,
    ...(from !== undefined && { before: from }),
    ...(to !== undefined && { after: to, message: `${message}: ${how}` }),
  };
}

/** Notes where the remote's HEAD is, as `git clone` does, unless something is noted already. */
export async function noteRemoteHead(repository: Repository, remote: string, { head }: Advertisement): Promise<void> {
  const ref = `refs/remotes/${remote}/HEAD`;
  const branch = head?.startsWith('refs/heads/') ? head.replace('refs/heads/', `refs/remotes/${remote}/`) : undefined;
  if (
    branch === undefined ||
    !isRefName(branch) ||
    resolveRef(repository, branch) === undefined ||
    readRefValue(repository, ref)
  )
    return;
  await reporting(`write ${ref}`, () => writeRef(repository, ref, { ref: branch }));
}

function notSent(ref: string, oid: ObjectId): RemoteError {
  return new RemoteError('PACK_INVALID', `The remote says that ${ref} is ${oid}, but did not send that`, {
    hint: 'Nothing was changed. Try again; if it happens again, run "git fsck --full" in the repository over there.',
    data: { ref, oid },
  });
}

function notOurs(url: string): RemoteError {
  return new RemoteError('REMOTE_UNSUPPORTED', `${url} is a git repository, but none of Bankai's`, {
    hint: `Its branches have no ${DESCRIPTOR_PATH}. Check the address.`,
  });
}
