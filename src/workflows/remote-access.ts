/** Owns what a terminal must say before remotes can be talked to: its environment for git, a token, how long to wait. */
import type { ConnectionOptions } from '../transport/connection.js';
import type { TransportConfiguration } from '../transport/configured.js';
import { createCredentials, type Token } from '../transport/credentials.js';
import { createGitProgram } from '../transport/git-program.js';

export interface RemoteAccess {
  /** Of the repository, whose configuration says who to ask for credentials. */
  readonly directory?: string;
  /** For the system's git. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where git's settings are, beside the repository's own. */
  readonly configuration?: TransportConfiguration;
  readonly token: Token | undefined;
  readonly timeoutMs: number;
  readonly version: string;
  readonly signal: AbortSignal;
}

/** Makes what connections are told. */
export function remoteAccess({ directory, environment, token, ...rest }: RemoteAccess): ConnectionOptions {
  const git = createGitProgram(environment);
  return { git, credentials: createCredentials(git, token, directory), ...rest };
}
