/** Owns how versions that come and go look: `bankai add`, `update`, `remove` and `lock`. */
import { shortId } from './id.js';
import { plural } from './number.js';
import { renderTable } from './table.js';
import { printable, truncate } from './text.js';
import { signs, type View } from './view.js';
import { warningLines } from './warnings.js';

/** What `add`, `update` and `remove` print with `--json`: `schema/add.schema.json` and its kin. */
export interface InstallReport {
  readonly commit: string;
  readonly branch?: string;
  readonly changes: readonly {
    readonly name: string;
    /** The version before, where there was one. */
    readonly from?: string;
    /** The version now, unless it was removed. */
    readonly to?: string;
    readonly patch: string;
    readonly description?: string;
  }[];
  /** What policies that only warn have against the patches. */
  readonly warnings: readonly string[];
}

/** Writes what came and went, and where HEAD is now. */
export function renderInstall({ commit, branch, changes, warnings }: InstallReport, view: View): string[] {
  const { style } = view;
  const { arrow, ellipsis } = signs(view);
  const place = branch === undefined ? 'detached HEAD' : printable(branch);
  const moved = changes.some(({ from, to }) => from !== to);
  if (!moved) return [changes.length === 0 ? 'Nothing is installed from a registry.' : 'Everything is up to date.'];
  return [
    `[${style.name(place)} ${style.id(shortId(commit))}]`,
    ...changes.flatMap(({ name, from, to, patch, description = '' }) => [
      ` ${style.name(printable(name))} ${[from ?? '', to ?? 'removed']
        .filter((text) => text !== '')
        .map(printable)
        .join(` ${arrow} `)}, ` + `patch ${style.id(shortId(patch))}`,
      ...(description === ''
        ? []
        : [`   ${truncate(printable(description.split('\n')[0]), view.width - 3, ellipsis)}`]),
    ]),
    ...warningLines(warnings, view),
  ];
}

/** What `bankai lock --json` prints: `schema/lock.schema.json`. */
export interface LockReport {
  readonly ok: boolean;
  readonly entries: readonly {
    readonly name: string;
    readonly range: string;
    readonly version: string;
    readonly sha256: string;
    readonly patch: string;
    readonly newest?: string;
    readonly detail?: string;
    readonly status: 'ok' | 'outdated' | 'yanked' | 'missing' | 'changed' | 'withdrawn' | 'offline';
  }[];
}

/** What each status means where nothing more is known. */
const meanings: Readonly<Record<LockReport['entries'][number]['status'], string>> = {
  ok: 'as pinned',
  outdated: 'there is a newer one',
  yanked: 'yanked',
  missing: 'not in the state of HEAD',
  changed: 'exchanged',
  withdrawn: 'withdrawn',
  offline: 'not asked',
};

/** Writes one line a pinned version. */
export function renderLock({ entries }: LockReport, view: View): string[] {
  if (entries.length === 0) return ['Nothing is installed from a registry.'];
  const { style } = view;
  const paints = { ok: style.good, outdated: style.warning, offline: style.warning };
  const table = renderTable(
    [
      { header: 'patch', flexible: true },
      { header: 'range', flexible: true },
      { header: 'pinned' },
      { header: 'newest' },
      { header: '', flexible: true },
    ],
    entries.map(({ name, range, version, newest, status, detail }) => [
      { text: name, paint: style.name },
      range,
      version,
      newest ?? '',
      { text: detail ?? meanings[status], paint: status in paints ? paints[status as 'ok'] : style.bad },
    ]),
    view,
  );
  return [...table, '', `${plural(entries.length, 'patch', 'patches')} pinned.`];
}
