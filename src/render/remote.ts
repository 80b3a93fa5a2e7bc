/** Owns how `bankai remote` looks. */
import { renderTable } from './table.js';
import { printable, wrap } from './text.js';
import type { View } from './view.js';

/** A remote, as `bankai remote --json` prints it: an item of `schema/remote.schema.json`. */
export interface RemoteSummary {
  readonly name: string;
  /** Without password and token. */
  readonly fetchUrl: string;
  readonly pushUrl: string;
}

/** Lists remotes by name. */
export const renderRemotes = (remotes: readonly RemoteSummary[]): string[] =>
  remotes.map(({ name }) => printable(name));

/** Lists remotes with their addresses, as `git remote -v` does. */
export function renderRemotesVerbose(remotes: readonly RemoteSummary[], view: View): string[] {
  const rows = remotes.flatMap(({ name, fetchUrl, pushUrl }) => [
    [{ text: name, paint: view.style.name }, fetchUrl, '(fetch)'],
    [{ text: name, paint: view.style.name }, pushUrl, '(push)'],
  ]);
  return renderTable([{ header: '' }, { header: '', flexible: true }, { header: '' }], rows, view);
}

/** Writes where a remote, new or changed, is. */
export const renderRemote = ({ name, fetchUrl, pushUrl }: RemoteSummary, { width }: View): string[] => [
  ...wrap(`Remote ${printable(name)} is ${printable(fetchUrl)}`, width),
  ...(pushUrl === fetchUrl ? [] : wrap(`Pushed to ${printable(pushUrl)}`, width)),
];

/** Writes that a remote is gone. */
export const renderRemovedRemote = ({ name }: RemoteSummary, { style }: View): string[] => [
  `Removed remote ${style.name(printable(name))} and what was fetched of its branches`,
];
