/** Owns `bankai push`: branches and tags of ours go to a remote, if that loses nothing over there. */
import { RemoteError, UsageError } from '../errors.js';
import { readHead } from '../repo/branch.js';
import { reporting } from '../repo/git-error.js';
import { descendsFrom } from '../repo/history.js';
import type { CommitId, ObjectId } from '../repo/ids.js';
import { withQuarantine } from '../repo/quarantine.js';
import { hasObject } from '../repo/read-object.js';
import { assertRefName } from '../repo/ref-name.js';
import { appendReflog } from '../repo/reflog.js';
import { deleteRef, listRefs, resolveRef, writeRef } from '../repo/refs.js';
import { followingSettings, type Remote } from '../repo/remotes.js';
import { resolveRevision } from '../repo/resolve.js';
import type { Repository } from '../repo/repository.js';
import { trackingRef } from '../repo/upstream.js';
import { connect } from '../transport/connect.js';
import type { Advertisement, ConnectionOptions, PushReport } from '../transport/connection.js';
import { type Actor, noteOf } from './actor.js';
import { changeOnly, sentElsewhere } from './change-refs.js';
import { chooseRemote } from './upstream.js';
import { changeWorkspace } from './workspace.js';

export interface PushRequest {
  /** By default the upstream's of the current branch, or `origin`. */
  readonly remote?: string;
  /** A branch, `revision:branch`, or a tag; by default the current branch. */
  readonly what?: string;
  /** All tags too. */
  readonly tags?: boolean;
  /** Remove the branch or tag over there. */
  readonly remove?: boolean;
  /** Let a branch go where its history does not lead, if it still is where we last saw it. */
  readonly forceWithLease?: boolean;
  /** The branch follows that of the remote from now on. */
  readonly setUpstream?: boolean;
}

/** A ref of the remote, and what became of it. */
export interface PushedRef {
  readonly ref: string;
  readonly change: 'new' | 'fast-forward' | 'forced' | 'deleted' | 'up-to-date';
  readonly from?: ObjectId;
  readonly to?: ObjectId;
}

export interface PushOutcome {
  readonly remote: string;
  readonly url: string;
  readonly pushed: readonly PushedRef[];
  /** What the remote had to say. */
  readonly said?: readonly string[];
  /** The branch that follows the remote's from now on. */
  readonly upstream?: string;
}

/** A ref that is to be pushed: `branch` is the local one it comes from. */
interface Wanted {
  readonly ref: string;
  readonly to: ObjectId | undefined;
  readonly branch?: string;
}

/**
 * Pushes. Throws PUSH_REJECTED (nothing is sent when one of the refs would lose commits over there), REMOTE_UNKNOWN,
 * UNKNOWN_REVISION, NAME_INVALID, REMOTE_UNREACHABLE, REMOTE_DENIED, REMOTE_NOT_FOUND, REMOTE_PROTOCOL, REMOTE_FAILED.
 */
export async function push(
  directory: string,
  request: PushRequest,
  actor: Actor,
  options: ConnectionOptions,
): Promise<PushOutcome> {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const remote = await chooseRemote(repository, request.remote);
    const wanted = await wantedRefs(repository, request);
    // Who says where to push to means that, and nothing instead of it.
    const { connection, url } = await connect(repository, remote.pushUrl ?? remote.url, options, {
      push: remote.pushUrl === undefined,
      remote: remote.name,
    });
    return withQuarantine(repository, async (quarantine) => {
      const there = await connection.pushable();
      const plan = await Promise.all(wanted.map((item) => judge(repository, remote, item, there, request)));
      const rejected = plan.flatMap(({ ref, reason }) => (reason === undefined ? [] : [{ ref, reason }]));
      if (rejected.length > 0) throw refusal(url, rejected);
      const pending = plan.filter(({ change }) => change !== 'up-to-date');
      options.signal?.throwIfAborted();
      const updates = pending.map(({ ref, from, to }) => ({ ref, from, to }));
      const { results, said }: PushReport =
        updates.length > 0
          ? await connection.push(repository, updates, there, quarantine)
          : { results: new Map(), said: [] };
      for (const item of plan) {
        if (results.get(item.ref) === undefined) await noteSeen(repository, remote, item, actor);
      }
      const failed = [...results].flatMap(([ref, reason]) => (reason === undefined ? [] : [{ ref, reason }]));
      if (failed.length > 0) throw refusal(url, failed, said);
      const follower = request.setUpstream === true ? wanted.find(({ branch, to }) => branch && to) : undefined;
      if (follower?.branch !== undefined) {
        await changeOnly(workspace, `push -u: ${follower.branch}`, {
          config: followingSettings(follower.branch, { remote: remote.name, ref: follower.ref }),
        });
      }
      if (updates.length > 0) await sentElsewhere(workspace, `push: ${remote.name}`);
      return {
        remote: remote.name,
        url,
        pushed: plan.map(({ ref, change, from, to }) => ({ ref, change, ...(from && { from }), ...(to && { to }) })),
        ...(said.length > 0 && { said }),
        ...(follower?.branch !== undefined && { upstream: follower.branch }),
      };
    });
  });
}

async function wantedRefs(repository: Repository, { what, tags, remove }: PushRequest): Promise<Wanted[]> {
  const all = tags === true ? [...listRefs(repository, 'refs/tags/')].map(([ref, to]) => ({ ref, to })) : [];
  if (what === undefined && tags === true) return all;
  if (remove === true && what === undefined) {
    throw new UsageError('USAGE', 'What to delete over there is not said', {
      hint: 'Name it: bankai push --delete REMOTE BRANCH.',
    });
  }
  const { branch: current } = await readHead(repository);
  const [source, target] = (what ?? current ?? '').split(':', 2);
  if (what === undefined && current === undefined) {
    throw new UsageError('USAGE', 'HEAD is on no branch', { hint: 'Say where it goes: bankai push origin HEAD:NAME.' });
  }
  if (remove === true || source === '') {
    const name = target ?? source;
    assertRefName(name);
    return [
      { ref: resolveRef(repository, `refs/tags/${name}`) ? `refs/tags/${name}` : `refs/heads/${name}`, to: undefined },
      ...all,
    ];
  }
  const branch = resolveRef(repository, `refs/heads/${source}`);
  const tag = branch === undefined ? resolveRef(repository, `refs/tags/${source}`) : undefined;
  const name = target ?? (source === 'HEAD' ? (current ?? '') : source);
  assertRefName(name.replace(/^refs\/(heads|tags)\//, ''));
  const ref = name.startsWith('refs/') ? name : `refs/${tag === undefined ? 'heads' : 'tags'}/${name}`;
  const to = branch ?? tag ?? (await resolveRevision(repository, source));
  const follower = branch !== undefined ? source : source === 'HEAD' ? current : undefined;
  return [
    { ref, to, ...(follower !== undefined && { branch: follower }) },
    ...all.filter((other) => other.ref !== ref),
  ];
}

type Judged = Wanted & Pick<PushedRef, 'change'> & { readonly from: ObjectId | undefined; readonly reason?: string };

/** What a push would do to one ref, and why it must not, in git's words. */
async function judge(
  repository: Repository,
  remote: Remote,
  wanted: Wanted,
  { refs }: Advertisement,
  { forceWithLease }: PushRequest,
): Promise<Judged> {
  const { ref, to } = wanted;
  const from = refs.get(ref)?.oid;
  if (from === to)
    return { ...wanted, from, change: 'up-to-date', ...(to === undefined && { reason: 'remote ref does not exist' }) };
  if (forceWithLease === true && ref.startsWith('refs/heads/')) {
    const place = trackingRef(remote.fetch, ref);
    const seen = place === undefined ? undefined : resolveRef(repository, place);
    if (seen !== from) return { ...wanted, from, change: 'forced', reason: 'stale info' };
  }
  if (to === undefined) return { ...wanted, from, change: 'deleted' };
  if (from === undefined) return { ...wanted, from, change: 'new' };
  if (ref.startsWith('refs/tags/')) return { ...wanted, from, change: 'forced', reason: 'already exists' };
  const known = hasObject(repository, from);
  if (known && (await descendsFrom(repository, to as CommitId, from as CommitId))) {
    return { ...wanted, from, change: 'fast-forward' };
  }
  const reason = known ? 'non-fast-forward' : 'fetch first';
  return { ...wanted, from, change: 'forced', ...(forceWithLease !== true && { reason }) };
}

/** What a push did to a branch over there is known here at once. */
async function noteSeen(repository: Repository, remote: Remote, { ref, to }: Judged, actor: Actor): Promise<void> {
  const place = trackingRef(remote.fetch, ref);
  if (place === undefined) return;
  await reporting(`write ${place}`, async () => {
    const from = resolveRef(repository, place);
    if (from === to) return;
    if (to === undefined) return deleteRef(repository, place);
    await appendReflog(repository, place, [{ ...(await noteOf(repository, actor, 'update by push')), from, to }]);
    await writeRef(repository, place, { oid: to });
  });
}

const hints: Readonly<Record<string, string | undefined>> = {
  'non-fast-forward':
    'The branch over there has commits that yours lacks. Integrate them with "bankai pull", then push again.',
  'fetch first': 'The remote has commits that you do not have. Integrate them with "bankai pull", then push again.',
  'stale info': 'Somebody has pushed since you last looked: see with "bankai fetch" what would be lost.',
  'already exists': 'A tag stays what it is: choose another name.',
};

function refusal(
  url: string,
  rejected: readonly { ref: string; reason: string }[],
  said: readonly string[] = [],
): RemoteError {
  const list = rejected.map(
    ({ ref, reason }) => `\n ! [rejected] ${ref.replace(/^refs\/(heads|tags)\//, '')} (${reason})`,
  );
  const talk = said.map((line) => `\nremote: ${line}`);
  return new RemoteError('PUSH_REJECTED', `Failed to push some refs to ${url}:${list.join('')}${talk.join('')}`, {
    hint: hints[rejected[0].reason] ?? 'The remote has refused it: ask whoever looks after it.',
    data: { rejected, ...(said.length > 0 && { said }) },
  });
}
