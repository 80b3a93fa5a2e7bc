/** Owns `bankai remote`: the remotes of a repository, listed and changed. No answer shows a password or a token. */
import { addRemote, listRemotes, type Remote, removeRemote, renameRemote, setRemoteUrl } from '../repo/remotes.js';
import { parseAddress, withoutSecrets } from '../transport/url.js';

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
export async function newRemote(directory: string, name: string, url: string): Promise<RemoteSummary> {
  return changeWorkspace(directory, async ({ repository }) => {
    parseAddress(url, repository.directory);
    return summary(await addRemote(repository, name, url));
  });
}

/** Removes a remote with what was fetched of its branches. Throws REMOTE_UNKNOWN. */
export const dropRemote = (directory: string, name: string): Promise<RemoteSummary> =>
  changeWorkspace(directory, async ({ repository }) => summary(await removeRemote(repository, name)));

/** Renames a remote. Throws REMOTE_UNKNOWN, REMOTE_EXISTS, NAME_INVALID. */
export const moveRemote = (directory: string, from: string, to: string): Promise<RemoteSummary> =>
  changeWorkspace(directory, async ({ repository }) => summary(await renameRemote(repository, from, to)));

/** Changes the address of a remote. Throws REMOTE_UNKNOWN, URL_INVALID. */
export const changeRemoteUrl = (
  directory: string,
  name: string,
  url: string,
  options: { push?: boolean },
): Promise<RemoteSummary> =>
  changeWorkspace(directory, async ({ repository }) => {
    parseAddress(url, repository.directory);
    return summary(await setRemoteUrl(repository, name, url, options));
  });

export { directoryNameOf } from '../transport/url.js';
