/** Owns the choice of the way to a remote. */
import type { Repository } from '../repo/repository.js';
import type { Connection, ConnectionOptions } from './connection.js';
import { connectGit } from './git-connection.js';
import { connectHttp } from './http-connection.js';
import type { RemoteAddress } from './url.js';

/** Connects a repository to a remote; nothing is sent before something is asked. */
export const connect = (
  { gitDirectory }: Repository,
  address: RemoteAddress,
  options: ConnectionOptions,
): Connection =>
  address.way === 'http'
    ? connectHttp(address.url, options)
    : connectGit(address.address, gitDirectory, options, address.path);
