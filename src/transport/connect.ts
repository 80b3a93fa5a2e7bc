/** Owns the choice of the way to a remote. */
import type { Connection, ConnectionOptions } from './connection.js';
import { connectGit } from './git-connection.js';
import { connectHttp } from './http-connection.js';
import type { RemoteAddress } from './url.js';

/** Connects to a remote; nothing is sent before something is asked. */
export const connect = (address: RemoteAddress, options: ConnectionOptions): Connection =>
  address.way === 'http' ? connectHttp(address.url, options) : connectGit(address.address, options, address.path);
