/** Owns how the registries look that a person trusts: `bankai registry add`, `list` and `forget`. */
import { plural } from './number.js';
import { renderTable } from './table.js';
import { printable, wrap } from './text.js';
import type { View } from './view.js';

/** A registry that is trusted, as `bankai registry list --json` prints it. */
export interface KnownRegistry {
  readonly name: string;
  readonly url: string;
  /** Digest of the root that was trusted first. */
  readonly root: string;
}

/** What `bankai registry add --json` prints: `schema/registry-add.schema.json`. */
export interface RegistryAddReport extends KnownRegistry {
  readonly namespaces: readonly string[];
}

/** Writes what is trusted now. */
export function renderRegistryAdd({ name, url, root, namespaces }: RegistryAddReport, view: View): string[] {
  return [
    ...wrap(`Registry "${printable(name)}" at ${printable(url)} is trusted by its root`, view.width),
    `  ${view.style.id(root)}`,
    ...wrap(
      `It has ${plural(namespaces.length, 'namespace')}: ${namespaces.slice(0, 20).map(printable).join(', ')}`,
      view.width,
    ),
  ];
}

/** Lists the registries. */
export function renderRegistries(registries: readonly KnownRegistry[], view: View): string[] {
  if (registries.length === 0) return ['No registry is trusted yet: see "bankai registry add --help".'];
  const { style } = view;
  return renderTable(
    [{ header: '' }, { header: '', flexible: true }, { header: '' }],
    registries.map(({ name, url, root }) => [
      { text: name, paint: style.name },
      url,
      { text: root.slice(0, 16), paint: style.id },
    ]),
    view,
  );
}

/** Writes what is trusted no longer. */
export const renderForget = ({ name }: KnownRegistry, view: View): string[] =>
  wrap(`Registry "${printable(name)}" is trusted no longer; what was added from it stays.`, view.width);
