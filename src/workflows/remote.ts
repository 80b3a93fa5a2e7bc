/** Owns `bankai remote`: the remotes of a repository, listed and changed. No answer shows a password or a token. */
import {
  addRemote,
  listRemotes,
  type Remote,
  type RemoteChange,
  removeRemote,
  renameRemote,
  setRemoteUrl,
} from '../repo/remotes.js';
import type { Repository } from '../repo/repository.js';
import { parseAddress, withoutSecrets } from '../transport/url.js';
import { changeOnly } from './change-refs.js';
import { changeWorkspace, openWorkspace } from './workspace.js';

/** A remote as it is shown. */
export interface RemoteSummary {
  readonly name: string;
  readonly fetchUrl: string;
  readonly pushUrl: string;
}

const summary = ({ name, url, pushUrl = url }: Remote): RemoteSummary => ({
  name,
  fetchUrl: withoutSecrets(url),
  pushUrl: withoutSecrets(pushUrl),
});

/** Lists the remotes by name. Throws NOT_A_REPOSITORY, REPOSITORY_CORRUPT. */
export async function remotes(directory: string): Promise<RemoteSummary[]> {
  const { repository } = await openWorkspace(directory);
  return (await listRemotes(repository)).map(summary);
}

/** Adds a remote. Throws URL_INVALID, NAME_INVALID, REMOTE_EXISTS. */
export const newRemote = (directory: string, name: string, url: string): Promise<RemoteSummary> =>
  change(directory, `remote add: ${name}`, (repository) => {
    parseAddress(url, repository.directory);
    return addRemote(repository, name, url);
  });

/** Removes a remote with what was fetched of its branches. Throws REMOTE_UNKNOWN. */
export const dropRemote = (directory: string, name: string): Promise<RemoteSummary> =>
  change(directory, `remote remove: ${name}`, (repository) => removeRemote(repository, name));

/** Renames a remote. Throws REMOTE_UNKNOWN, REMOTE_EXISTS, NAME_INVALID. */
export const moveRemote = (directory: string, from: string, to: string): Promise<RemoteSummary> =>
  change(directory, `remote rename: ${from} to ${to}`, (repository) => renameRemote(repository, from, to));

/** Changes the address of a remote. Throws REMOTE_UNKNOWN, URL_INVALID. */
export const changeRemoteUrl = (
  directory: string,
  name: string,
  url: string,
  options: { push?: boolean },
): Promise<RemoteSummary> =>
  change(directory, `remote set-url: ${name}`, (repository) => {
    parseAddress(url, repository.directory);
    return setRemoteUrl(repository, name, url, options);
  });

const change = (
  directory: string,
  operation: string,
  plan: (repository: Repository) => Promise<RemoteChange>,
): Promise<RemoteSummary> =>
  changeWorkspace(directory, async (workspace) => {
    const { remote, change } = await plan(workspace.repository);
    await changeOnly(workspace, operation, change);
    return summary(remote);
  });

export { directoryNameOf } from '../transport/url.js';
