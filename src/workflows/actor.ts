/** Owns who acts, and when: what commits and reflogs are told. */
import { type Identity, readIdentity, type Role } from '../repo/identity.js';
import type { Signature } from '../repo/object.js';
import type { RefNote } from '../repo/reflog.js';
import type { Repository } from '../repo/repository.js';

export { anonymous, type Identity, type Role } from '../repo/identity.js';

/** Somebody at a time. */
export interface Actor {
  /** Used where the repository's own configuration names nobody. */
  readonly identity: Identity | undefined;
  /** What counts more than any configuration, as git's `GIT_AUTHOR_NAME` and `GIT_COMMITTER_EMAIL` do. */
  readonly roles?: Readonly<Record<Role, Partial<Identity>>>;
  readonly time: Date;
  /** Directory of their keys, of the keys that they trust and of their policy; without it nobody is trusted. */
  readonly keyDirectory?: string;
}

/** Who acts where nobody said so: whom the repository's configuration names, now. */
export const someone = (): Actor => ({ identity: undefined, time: new Date() });

/** The actor as git writes people into commits: the committer, whom reflogs and tags name too, unless the author is meant. */
export async function signatureOf(
  repository: Repository,
  { identity, roles, time }: Actor,
  role: Role = 'committer',
): Promise<Signature> {
  return {
    ...(await readIdentity(repository, role, { first: roles?.[role], last: identity })),
    timestamp: Math.floor(time.getTime() / 1000),
    timezoneOffset: time.getTimezoneOffset(),
  };
}

/** What a reflog is to say: who did it, and in git's words what. */
export const noteOf = async (repository: Repository, actor: Actor, message: string): Promise<RefNote> => ({
  by: await signatureOf(repository, actor),
  message,
});
