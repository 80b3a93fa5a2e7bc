/** Owns what is known about the person at the terminal: who they are to git, and where their signing key is. */
import { spawnSync } from 'node:child_process';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import type { KeyChoice } from '../../src/trust/keys.js';
import { type Actor, anonymous, type Identity, type Role } from '../../src/workflows/actor.js';
import type { Recorder } from '../../src/workflows/record.js';
import type { Environment } from './view.js';

/** The directory of a person's keys, and of whom they trust. */
export const keyDirectoryOf = (environment: Environment): string =>
  join(environment.XDG_CONFIG_HOME || join(homedir(), '.config'), 'bankai');

/**
 * Describes who records a patch from this terminal, now. `version` is the program's; `key` says which key signs. Commits
 * are signed when `sign` says so, or git's setting `bankai.signCommits`.
 */
export function recorderOf(
  environment: Environment,
  version: string,
  directory: string,
  { key, sign }: { key?: KeyChoice; sign?: boolean } = {},
): Recorder {
  return {
    ...(key && { key }),
    signCommits: sign ?? isOnInGit('bankai.signCommits', directory),
    ...actorOf(environment, directory),
    keyDirectory: keyDirectoryOf(environment),
    version,
  };
}

/** Describes who acts from this terminal, now. */
export function actorOf(environment: Environment, directory: string): Actor {
  const settings = gitIdentities(directory);
  const { GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME, GIT_COMMITTER_EMAIL, EMAIL } = environment;
  const role = (role: Role, name: string | undefined, email: string | undefined): Partial<Identity> => ({
    ...namedIf('name', name || settings.get(`${role}.name`)),
    ...namedIf('email', email || settings.get(`${role}.email`)),
  });
  return {
    identity: {
      name: settings.get('user.name') || GIT_AUTHOR_NAME || anonymous.name,
      email: settings.get('user.email') || EMAIL || GIT_AUTHOR_EMAIL || anonymous.email,
    },
    roles: {
      author: role('author', GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL),
      committer: role('committer', GIT_COMMITTER_NAME, GIT_COMMITTER_EMAIL),
    },
    time: new Date(),
    keyDirectory: keyDirectoryOf(environment),
  };
}

const namedIf = <K extends string>(key: K, value: string | undefined): { [P in K]?: string } =>
  (value ? { [key]: value } : {}) as { [P in K]?: string };

/** Asks git, where it is installed, for all that it is told about people, with its own rules of precedence. */
function gitIdentities(cwd: string): Map<string, string> {
  const args = ['config', '-z', '--get-regexp', '^(user|author|committer)\\.(name|email)$'];
  const { status, stdout } = spawnSync('git', args, { cwd, encoding: 'utf8' });
  const entries = status === 0 ? stdout.split('\0').slice(0, -1) : [];
  return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf('\n')), entry.slice(entry.indexOf('\n') + 1)]));
}

/** The number of threads that compute unless somebody says otherwise. */
export const defaultThreads = (): number => availableParallelism();

/** Asks git, where it is installed, whether a setting says yes, in any of its words and with its own rules of precedence. */
function isOnInGit(name: string, cwd: string): boolean {
  const { status, stdout } = spawnSync('git', ['config', '--type=bool', '--get', name], { cwd, encoding: 'utf8' });
  return status === 0 && stdout.trim() === 'true';
}
