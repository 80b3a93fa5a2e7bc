/** Owns addresses of remotes: which way leads there, and what of one may be shown. */
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../errors.js';

/** An address with the way that leads there: our own HTTP, or the system's git. */
export type RemoteAddress =
  | { readonly way: 'http'; readonly url: URL }
  /** `address` is what git is given; `path` where it is on this machine. */
  | { readonly way: 'git'; readonly address: string; readonly path?: string };

/**
 * Parses an address as git writes it: `https://…`, `ssh://…`, `host:path`, `file://…`, a path. Relative paths start at
 * `directory`. Throws URL_INVALID, also for `ext::` and other addresses that name a program to run.
 */
export function parseAddress(text: string, directory: string): RemoteAddress {
  if (text === '') throw invalid(text, 'it is empty');
  // To the system's git it would be an option.
  if (text.startsWith('-')) throw invalid(text, 'it begins with "-"');
  if (/[\p{Cc}]/u.test(text)) throw invalid(text, 'it contains control characters');
  if (/^[A-Za-z0-9+.-]*::/.test(text)) throw invalid(text, 'it names a helper program to run');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1].toLowerCase();
  if (scheme === 'http' || scheme === 'https') return { way: 'http', url: parseUrl(text) };
  if (scheme === 'file') return localAddress(fileURLToPath(parseUrl(text)));
  if (scheme === 'ssh' || scheme === 'git+ssh' || scheme === 'ssh+git') {
    // git asks ssh for this host; one that begins with "-" would be an option to it.
    if (/^[^/]*:\/\/([^@/]*@)?-/.test(text)) throw invalid(text, 'its host begins with "-"');
    return { way: 'git', address: text };
  }
  if (scheme !== undefined) throw invalid(text, `"${scheme}" is none of https, http, ssh and file`);
  const host = /^([^/:\\]+):(?![/\\]{2})/.exec(text)?.[1];
  // On Windows one letter is a drive.
  if (host !== undefined && host.length > 1) {
    if (/^([^@]*@)?-/.test(host)) throw invalid(text, 'its host begins with "-"');
    return { way: 'git', address: text };
  }
  return localAddress(isAbsolute(text) ? text : resolve(directory, text));
}

const localAddress = (path: string): RemoteAddress => ({ way: 'git', address: path, path });

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw invalid(text, 'it is no URL');
  if (url.protocol === 'file:' && url.host !== '') throw invalid(text, 'a file on another host cannot be read');
  return url;
}

/** Whether a host is this machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || /^127(\.\d+){3}$|^\[::1\]$/.test(hostname);

/** A name or password of an address as it is meant; what is no percent-encoding is meant as it stands. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An address without the password or token in it, to be shown. */
export const withoutSecrets = (address: string): string =>
  address.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)([^/?#]*)@/, (_, scheme: string, person: string) => {
    const [name] = person.split(':');
    // A name alone may be a token; ssh has it for a name.
    return /^ssh|ssh:\/\/$/i.test(scheme) && !person.includes(':') ? `${scheme}${name}@` : `${scheme}***@`;
  });

/** The name of the directory that `git clone` would make. */
export const directoryNameOf = (address: string): string =>
  address
    .replace(/[?#].*$/, '')
    .replace(/[/\\]+$/, '')
    .replace(/[/\\]\.git$/, '')
    .replace(/^.*[/\\:]/, '')
    .replace(/\.git$/, '');

function invalid(text: string, fact: string): UsageError {
  return new UsageError('URL_INVALID', `Cannot use "${withoutSecrets(text)}" as a remote: ${fact}`, {
    hint: 'Give an address as git takes it: https://host/path, ssh://host/path, host:path, or a path on this machine.',
  });
}
