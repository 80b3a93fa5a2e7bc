/** Owns what the commands that talk to remotes have in common: the flag, and what the environment says. */
import { Flags } from '@oclif/core';
import type { RemoteAccess } from '../../src/workflows/remote-access.js';
import type { Environment } from './view.js';

export const remoteFlags = {
  timeout: Flags.integer({
    min: 1,
    default: 60,
    helpValue: 'SECONDS',
    summary: 'Give up when the remote sends nothing for so long.',
  }),
};

/**
 * What the environment says about remotes. BANKAI_TOKEN is sent to a server that wants to know who we are; with
 * BANKAI_TOKEN_HOST to that host alone. git's credential helpers may ask in a terminal, and only there.
 */
export function remoteEnvironment(
  environment: Environment,
  interactive: boolean,
): Pick<RemoteAccess, 'environment' | 'token'> {
  const { BANKAI_TOKEN: value, BANKAI_TOKEN_HOST: host } = environment;
  return {
    environment: { ...environment, ...(!interactive && { GIT_TERMINAL_PROMPT: '0' }) },
    token: value ? { value, ...(host && { host }) } : undefined,
  };
}
