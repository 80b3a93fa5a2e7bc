/** Owns how `bankai trust` looks. */
import { shortId } from './id.js';
import { renderTable } from './table.js';
import { printable, wrap } from './text.js';
import type { View } from './view.js';

/** A key of somebody else, as `bankai trust list --json` prints it: an item of `schema/trust-list.schema.json`. */
export interface TrustedKeySummary {
  readonly name: string;
  readonly id: string;
  /** What it is trusted for; none is everything. */
  readonly scopes: readonly string[];
  /** Why it is not believed any more, where it was revoked. */
  readonly revoked?: string;
}

const LIST_DIGITS = 16;

/** Lists the keys of others that a person trusts. */
export function renderTrustedKeys(keys: readonly TrustedKeySummary[], view: View): string[] {
  if (keys.length === 0) return ['You trust no keys but your own: see "bankai trust add".'];
  const { style } = view;
  const rows = keys.map(({ name, id, scopes, revoked }) => [
    { text: name, paint: style.name },
    { text: id.slice(0, LIST_DIGITS), paint: style.id },
    revoked === undefined ? scopesOf(scopes) : { text: `revoked: ${revoked}`, paint: style.bad },
  ]);
  return renderTable([{ header: '', flexible: true }, { header: '' }, { header: '', flexible: true }], rows, view);
}

/** Writes who is trusted from now on, and for what. */
export const renderTrusted = (key: TrustedKeySummary, view: View): string[] =>
  wrap(`Key ${printable(key.name)} ${shortId(key.id)} is trusted for ${scopesOf(key.scopes)}.`, view.width);

/** Writes who no longer is. */
export const renderDistrusted = (key: TrustedKeySummary, view: View): string[] =>
  wrap(`Key ${printable(key.name)} ${shortId(key.id)} is no longer trusted.`, view.width);

const scopesOf = (scopes: readonly string[]): string =>
  scopes.length === 0 ? 'everything' : scopes.map(printable).join(', ');
