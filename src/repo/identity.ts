/** Owns who commits are by: the repository's own git configuration. */
import { readSettings } from './git-config.js';
import type { Repository } from './repository.js';

/** A name and an e-mail address, as git writes them into commits. */
export interface Identity {
  readonly name: string;
  readonly email: string;
}

/** The identity of people who told neither git nor us who they are. */
export const anonymous: Identity = { name: 'bankai user', email: 'user@localhost' };

/**
 * Reads `user.name` and `user.email` of the repository's own configuration; what it lacks is taken from `fallback`.
 * Characters that would break a commit's header are dropped, as git drops them.
 */
export async function readIdentity(repository: Repository, fallback: Identity = anonymous): Promise<Identity> {
  const settings = readSettings(repository);
  return {
    name: clean(settings.get('user.name')) ?? clean(fallback.name) ?? anonymous.name,
    email: clean(settings.get('user.email')) ?? clean(fallback.email) ?? anonymous.email,
  };
}

function clean(value: string | undefined): string | undefined {
  const text = (value ?? '').replace(/[<>\p{Cc}]/gu, '').trim();
  return text === '' ? undefined : text;
}
