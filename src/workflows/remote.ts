/** Owns `bankai remote`: the remotes of a repository, listed and changed. No answer shows a password or a token. */
import type { ConfigPlaces } from '../repo/git-settings.js';
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
import { readTransportSettings, rewriteAddress } from '../transport/configured.js';
import { parseAddress, withoutSecrets } from '../transport/url.js';
import { changeOnly } from './change-refs.js';
import { changeWorkspace, openWorkspace } from './workspace.js';

/** A remote as it is shown. */
export interface RemoteSummary {
  readonly name: string;
  /** As git's configuration has them reached. */
  readonly fetchUrl: string;
  readonly pushUrl: string;
}

/** Reads how addresses are to be understood, and shows remotes as they are reached. */
async function showing(repository: Repository, places: ConfigPlaces | undefined) {
  const settings = await readTransportSettings(repository, places);
  return {
    /** Throws URL_INVALID. */
    assertUsable: (url: string): void => void parseAddress(rewriteAddress(url, settings), repository.directory),
    summary: ({ name, url, pushUrl }: Remote): RemoteSummary => ({
      name,
      fetchUrl: withoutSecrets(rewriteAddress(url, settings)),
      pushUrl: withoutSecrets(rewriteAddress(pushUrl ?? url, settings, { push: pushUrl === undefined })),
    }),
  };
}

/** Lists the remotes by name. Throws NOT_A_REPOSITORY, REPOSITORY_CORRUPT. */
export async function remotes(directory: string, places?: ConfigPlaces): Promise<RemoteSummary[]> {
  const { repository } = await openWorkspace(directory);
  const { summary } = await showing(repository, places);
  return (await listRemotes(repository)).map(summary);
}

/** Adds a remote. Throws URL_INVALID, NAME_INVALID, REMOTE_EXISTS. */
export const newRemote = (directory: string, name: string, url: string, places?: ConfigPlaces) =>
  change(directory, `remote add: ${name}`, { url, places }, (repository) => addRemote(repository, name, url));

/** Removes a remote with what was fetched of its branches. Throws REMOTE_UNKNOWN. */
export const dropRemote = (directory: string, name: string, places?: ConfigPlaces) =>
  change(directory, `remote remove: ${name}`, { places }, (repository) => removeRemote(repository, name));

/** Renames a remote. Throws REMOTE_UNKNOWN, REMOTE_EXISTS, NAME_INVALID. */
export const moveRemote = (directory: string, from: string, to: string, places?: ConfigPlaces) =>
  change(directory, `remote rename: ${from} to ${to}`, { places }, (repository) => renameRemote(repository, from, to));

/** Changes the address of a remote. Throws REMOTE_UNKNOWN, URL_INVALID. */
export const changeRemoteUrl = (
  directory: string,
  name: string,
  url: string,
  options: { push?: boolean },
  places?: ConfigPlaces,
) =>
  change(directory, `remote set-url: ${name}`, { url, places }, (repository) =>
    setRemoteUrl(repository, name, url, options),
  );

const change = (
  directory: string,
  operation: string,
  { url, places }: { url?: string; places: ConfigPlaces | undefined },
  plan: (repository: Repository) => Promise<RemoteChange>,
): Promise<RemoteSummary> =>
  changeWorkspace(directory, async (workspace) => {
    const { assertUsable, summary } = await showing(workspace.repository, places);
    if (url !== undefined) assertUsable(url);
    const { remote, change } = await plan(workspace.repository);
    await changeOnly(workspace, operation, change);
    return summary(remote);
  });

export { directoryNameOf } from '../transport/url.js';
