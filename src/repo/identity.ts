/** Owns who commits are by: git's own rules, as far as a repository's configuration is concerned. */
import { readSettings } from './git-config.js';
import type { Repository } from './repository.js';

/** A name and an e-mail address, as git writes them into commits. */
export interface Identity {
  readonly name: string;
  readonly email: string;
}

/** Whoever wrote something, or whoever recorded it: reflogs and tags name the latter. */
export type Role = 'author' | 'committer';

/** The identity of people who told neither git nor us who they are. */
export const anonymous: Identity = { name: 'bankai user', email: 'user@localhost' };

/** What is known from outside of the repository's own configuration. */
export interface KnownIdentity {
  /** Counts more than the configuration: `GIT_AUTHOR_NAME`. */
  readonly first?: Partial<Identity> | undefined;
  /** Counts less. */
  readonly last?: Partial<Identity> | undefined;
}

/**
 * Says who somebody is in a role, with git's precedence: what comes first, then `author.name` or `committer.name` of the
 * repository's own configuration, then `user.name`, then what comes last. Characters that would break a commit's header are
 * dropped, as git drops them.
 */
export async function readIdentity(
  repository: Repository,
  role: Role = 'committer',
  { first, last }: KnownIdentity = {},
): Promise<Identity> {
  const settings = readSettings(repository);
  const pick = (key: keyof Identity): string =>
    [first?.[key], settings.get(`${role}.${key}`), settings.get(`user.${key}`), last?.[key]]
      .map(clean)
      .find((value) => value !== undefined) ?? anonymous[key];
  return { name: pick('name'), email: pick('email') };
}

function clean(value: string | undefined): string | undefined {
  const text = (value ?? '').replace(/[<>\p{Cc}]/gu, '').trim();
  return text === '' ? undefined : text;
}
