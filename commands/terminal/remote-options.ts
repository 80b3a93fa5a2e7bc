/** Owns what the commands that talk to remotes have in common: the flag, and what the environment says. */
import { Flags } from '@oclif/core';
import type { ConfigPlaces } from '../../src/workflows/config.js';
import type { TransportConfiguration } from '../../src/transport/configured.js';
import type { RemoteAccess } from '../../src/workflows/remote-access.js';
import { configPlaces } from './config-places.js';
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
): Pick<RemoteAccess, 'environment' | 'token' | 'configuration'> {
  const { BANKAI_TOKEN: value, BANKAI_TOKEN_HOST: host } = environment;
  return {
    environment: { ...environment, ...(!interactive && { GIT_TERMINAL_PROMPT: '0' }) },
    configuration: transportConfiguration(environment),
    token: value ? { value, ...(host && { host }) } : undefined,
  };
}

/** Where it is said how to talk HTTP with hosts. */
export const transportConfiguration = (environment: Environment): TransportConfiguration => ({
  places: withOverrides(configPlaces(environment), environment),
  proxies: proxiesOf(environment),
});

/** What git's own variables say instead of its settings. */
const overrides = {
  GIT_SSL_CAINFO: 'http.sslCAInfo',
  GIT_SSL_CERT: 'http.sslCert',
  GIT_SSL_KEY: 'http.sslKey',
  GIT_HTTP_LOW_SPEED_LIMIT: 'http.lowSpeedLimit',
  GIT_HTTP_LOW_SPEED_TIME: 'http.lowSpeedTime',
  GIT_HTTP_USER_AGENT: 'http.userAgent',
} as const;

function withOverrides(places: ConfigPlaces, environment: Environment): ConfigPlaces {
  const command = Object.entries(overrides).flatMap(([variable, name]): [string, string][] => {
    const value = environment[variable];
    return value ? [[name, value]] : [];
  });
  // To git it is enough that it is there.
  if (environment.GIT_SSL_NO_VERIFY !== undefined) command.push(['http.sslVerify', 'false']);
  return { ...places, command: [...places.command, ...command] };
}

/** As curl reads them: `http_proxy` in small letters alone, for a server may set HTTP_PROXY in its programs' environment. */
function proxiesOf(environment: Environment) {
  const of = (...names: readonly string[]) => names.map((name) => environment[name]).find((text) => text);
  const [http, https] = [of('http_proxy'), of('https_proxy', 'HTTPS_PROXY')];
  const [all, none] = [of('all_proxy', 'ALL_PROXY'), of('no_proxy', 'NO_PROXY')];
  return { ...(http && { http }), ...(https && { https }), ...(all && { all }), ...(none && { none }) };
}
