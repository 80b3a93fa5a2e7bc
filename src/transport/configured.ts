/** Owns what git's configuration says about the way to a remote: other addresses for it, and how to talk HTTP with it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RepositoryError, UsageError } from '../errors.js';
import { reporting } from '../repo/git-error.js';
import { type ConfigPlaces, readAllSettings, type Setting } from '../repo/git-settings.js';
import type { Repository } from '../repo/repository.js';
import { chooseProxy, type ProxyVariables } from './proxy.js';
import { withoutSecrets } from './url.js';

/** Where it is said how to reach remotes. */
export interface TransportConfiguration {
  readonly places: ConfigPlaces;
  readonly proxies: ProxyVariables;
}

/** How to talk HTTP with a host. */
export interface HttpSettings {
  readonly proxy?: URL;
  /** Sent with every request to the host that was asked for. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly tls: TlsSettings;
  /** A slower answer is given up after so many seconds. */
  readonly slowest?: { readonly bytesPerSecond: number; readonly seconds: number };
  readonly userAgent?: string;
}

export interface TlsSettings {
  /** False: whoever answers is believed to be the host. */
  readonly rejectUnauthorized?: boolean;
  /** PEM: who may vouch for it, and who we are. */
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export const plainHttp: HttpSettings = { headers: {}, tls: {} };

/** Reads what counts for a repository. Throws REPOSITORY_CORRUPT for a file that git cannot read either. */
export const readTransportSettings = (
  repository: Pick<Repository, 'gitDirectory'> | undefined,
  places: ConfigPlaces = { global: [], command: [], home: '' },
): Promise<readonly Setting[]> =>
  reporting('read the configuration', async () =>
    readAllSettings(places, repository && join(repository.gitDirectory, 'config')),
  );

/** The address that stands for another one: `url.<base>.insteadOf`, and for pushes `url.<base>.pushInsteadOf` before it. */
export function rewriteAddress(address: string, settings: readonly Setting[], { push = false } = {}): string {
  const matching = (key: string) =>
    settings
      .flatMap(({ name, value }) => {
        const base = name.startsWith('url.') && name.endsWith(`.${key}`) ? name.slice(4, -key.length - 1) : undefined;
        return base !== undefined && value !== '' && address.startsWith(value) ? [{ base, prefix: value }] : [];
      })
      .sort((a, b) => b.prefix.length - a.prefix.length)[0];
  const found = (push ? matching('pushinsteadof') : undefined) ?? matching('insteadof');
  return found === undefined ? address : found.base + address.slice(found.prefix.length);
}

/**
 * What `http.<key>` and `http.<url>.<key>` say for an address, the nearest URL before the others, as git has it, and before
 * them `remote.<name>.proxy` of a remote. Throws URL_INVALID (a proxy), USAGE (a header), FILE_NOT_FOUND (a certificate).
 */
export function httpSettings(
  url: URL,
  settings: readonly Setting[],
  proxies: ProxyVariables = {},
  remote?: string,
): HttpSettings {
  const nearest = new Map<string, number>();
  const values = new Map<string, string[]>();
  for (const { name, value } of settings) {
    const [, pattern, key] = /^http\.(?:([^]*)\.)?([a-z]+)$/.exec(name) ?? [];
    const rank = key === undefined ? -1 : pattern === undefined ? 0 : rankOf(pattern, url);
    if (rank < (nearest.get(key) ?? 0)) continue;
    nearest.set(key, rank);
    // An empty header takes those before it away.
    values.set(key, key === 'extraheader' && value !== '' ? [...(values.get(key) ?? []), value] : [value]);
  }
  const last = (key: string): string | undefined => values.get(key)?.at(-1);
  const file = (key: string): Buffer | undefined => (last(key) ? readCertificate(last(key) as string, key) : undefined);
  const proxyOf = (name: string) => settings.findLast((setting) => setting.name === `remote.${name}.proxy`)?.value;
  const proxy = chooseProxy(url, (remote === undefined ? undefined : proxyOf(remote)) ?? last('proxy'), proxies);
  const [limit, seconds] = [Number(last('lowspeedlimit')), Number(last('lowspeedtime'))];
  const [ca, cert] = [file('sslcainfo'), file('sslcert')];
  // A file may hold both.
  const key = file('sslkey') ?? cert;
  return {
    headers: headersOf((values.get('extraheader') ?? []).filter((header) => header !== '')),
    tls: {
      ...(/^(false|no|off|0|)$/i.test(last('sslverify') ?? 'true') && { rejectUnauthorized: false }),
      ...(ca && { ca }),
      ...(cert && { cert, key }),
    },
    ...(proxy && { proxy }),
    ...(limit > 0 && seconds > 0 && { slowest: { bytesPerSecond: limit, seconds } }),
    ...(last('useragent') && { userAgent: last('useragent') }),
  };
}

/** The settings for an address to which another one led: headers and certificates of ours are for the host that was asked. */
export function settingsBeyond(asked: URL, url: URL, settings: HttpSettings): HttpSettings {
  if (url.origin === asked.origin) return settings;
  const { cert: _cert, key: _key, ...tls } = settings.tls;
  return { ...settings, headers: {}, tls };
}

/** How near a URL of the configuration is to an address, or -1: scheme, host and port must be its own, its path may go on. */
function rankOf(pattern: string, url: URL): number {
  // A `*` stands for one part of a host's name.
  const text = pattern.replace(/\*(?=[^/]*)/g, 'any-part');
  if (!URL.canParse(text)) return -1;
  const wanted = new URL(text);
  const parts = wanted.hostname.split('.');
  const own = url.hostname.split('.');
  const isHost = parts.length === own.length && parts.every((part, i) => part === 'any-part' || part === own[i]);
  if (!isHost || wanted.protocol !== url.protocol || wanted.port !== url.port) return -1;
  if (wanted.username !== '' && wanted.username !== url.username) return -1;
  const path = wanted.pathname.replace(/\/+$/, '');
  if (url.pathname !== path && !url.pathname.startsWith(`${path}/`)) return -1;
  const exact = parts.filter((part) => part !== 'any-part').join('.').length;
  return 1 + exact * 2 ** 24 + path.length * 2 + (wanted.username === '' ? 0 : 1);
}

/** What a connection must say by itself. */
const own = new Set(['host', 'content-length', 'transfer-encoding', 'connection']);

function headersOf(lines: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? [];
    if (name === undefined) {
      // It may be a secret: only its name is told.
      throw new UsageError(
        'USAGE',
        `http.extraHeader has a line that is no header ("${line.split(':')[0].slice(0, 40)}")`,
        {
          hint: 'Write it as "Name: value": bankai config --show-origin says where it is set.',
        },
      );
    }
    const key = name.toLowerCase();
    if (!own.has(key)) (headers[key] ??= []).push(value);
  }
  return headers;
}

function readCertificate(path: string, key: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new RepositoryError(
      'FILE_NOT_FOUND',
      `Cannot read the file that http.${key} names: ${withoutSecrets(path)}`,
      {
        hint: 'Correct the setting: bankai config --show-origin says where it is set.',
        data: { path },
        cause,
      },
    );
  }
}
