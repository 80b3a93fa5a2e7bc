/** Owns the choice of the way to a remote. */
import type { Setting } from '../repo/git-settings.js';
import type { Repository } from '../repo/repository.js';
import { httpSettings, readTransportSettings, rewriteAddress } from './configured.js';
import type { Connection, ConnectionOptions } from './connection.js';
import { connectGit } from './git-connection.js';
import { connectHttp } from './http-connection.js';
import { parseAddress, withoutSecrets } from './url.js';

/** A remote that can be asked, and its address without secrets. */
export interface Reached {
  readonly connection: Connection;
  readonly url: string;
}

/**
 * Connects a repository to an address, that of a remote by this name, as git's configuration would have it; nothing is sent before something is asked. Throws
 * URL_INVALID, and for settings that nobody can use as `httpSettings`.
 */
export async function connect(
  repository: Repository,
  address: string,
  options: ConnectionOptions,
  { push = false, remote }: { push?: boolean; remote?: string } = {},
): Promise<Reached> {
  const settings: readonly Setting[] = await readTransportSettings(repository, options.configuration?.places);
  const text = rewriteAddress(address, settings, { push });
  const parsed = parseAddress(text, repository.directory);
  const connection =
    parsed.way === 'http'
      ? connectHttp(parsed.url, options, (url) => httpSettings(url, settings, options.configuration?.proxies, remote))
      : connectGit(parsed.address, repository.gitDirectory, options, parsed.path);
  return { connection, url: withoutSecrets(text) };
}
