/** Owns how `bankai key` looks. */
import { shortId } from './id.js';
import { renderTable } from './table.js';
import { printable } from './text.js';
import type { View } from './view.js';

/** A signing key, as `bankai key list --json` prints it: an item of `schema/key-list.schema.json`. */
export interface KeySummary {
  readonly name: string;
  readonly id: string;
  /** It opens with a passphrase only. */
  readonly encrypted: boolean;
  readonly isDefault: boolean;
  /** Why it signs no more, where it was revoked. */
  readonly revoked?: string;
}

/** Digits of a key's id in a list: enough to type to others, and to compare by eye. */
const LIST_DIGITS = 16;

/** Lists keys, the default one marked as `bankai branch` marks HEAD's. */
export function renderKeys(keys: readonly KeySummary[], view: View): string[] {
  if (keys.length === 0) return ['No keys yet: one is made when you first sign, or by "bankai key new".'];
  const { style } = view;
  const rows = keys.map((key) => [
    key.isDefault ? { text: `* ${key.name}`, paint: style.name } : `  ${key.name}`,
    { text: key.id.slice(0, LIST_DIGITS), paint: style.id },
    key.encrypted ? 'passphrase' : '',
    key.revoked === undefined ? '' : { text: `revoked: ${key.revoked}`, paint: style.bad },
  ]);
  const columns = [{ header: '', flexible: true }, { header: '' }, { header: '' }, { header: '', flexible: true }];
  return renderTable(columns, rows, view);
}

/** Writes which key there is now. */
export const renderNewKey = (key: KeySummary, view: View): string[] => [
  `Key ${view.style.name(printable(key.name))} ${view.style.id(shortId(key.id))} is kept` +
    (key.encrypted ? ' under its passphrase' : ' without a passphrase'),
  ...(key.isDefault ? ['It signs when no other is named.'] : []),
];

/** Writes which key signs from now on. */
export const renderDefaultKey = (key: KeySummary, { style }: View): string[] => [
  `Key ${style.name(printable(key.name))} ${style.id(shortId(key.id))} signs when no other is named.`,
];

/** A public key, as `bankai key export --json` prints it: `schema/key-export.schema.json`. */
export interface ExportedKey {
  readonly name: string;
  readonly id: string;
  readonly publicKey: string;
  readonly openssh: string;
}

/** Writes the line that can be given to others: it is to be copied, so it is never wrapped. */
export const renderExportedKey = (key: ExportedKey): string[] => [printable(key.openssh)];
