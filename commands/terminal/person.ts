/** Owns what is known about the person at the terminal: who they are to git, and where their signing key is. */
import { spawnSync } from 'node:child_process';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import type { KeyChoice } from '../../src/trust/keys.js';
import type { Actor } from '../../src/workflows/actor.js';
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
    signCommits: sign ?? gitSetting('bankai.signCommits', directory) === 'true',
    ...actorOf(environment, directory),
    keyDirectory: keyDirectoryOf(environment),
    version,
  };
}

/** Describes who acts from this terminal, now. */
export const actorOf = (environment: Environment, directory: string): Actor => ({
  identity: {
    name: environment.GIT_AUTHOR_NAME || gitSetting('user.name', directory) || 'bankai user',
    email: environment.GIT_AUTHOR_EMAIL || gitSetting('user.email', directory) || 'user@localhost',
  },
  time: new Date(),
  keyDirectory: keyDirectoryOf(environment),
});

/** The number of threads that compute unless somebody says otherwise. */
export const defaultThreads = (): number => availableParallelism();

/** Asks git, where it is installed, for a setting with its own rules of precedence. */
function gitSetting(name: string, cwd: string): string {
  const { status, stdout } = spawnSync('git', ['config', '--get', name], { cwd, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}
