/** Owns how what was fetched looks. */
import { shortId } from './id.js';
import { formatBytes, plural } from './number.js';
import { renderTable } from './table.js';
import { printable, truncate, wrap } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai fetch --json` prints: `schema/fetch.schema.json`. */
export interface FetchReport {
  readonly remote: string;
  /** Without password and token. */
  readonly url: string;
  readonly moved: readonly MovedRefReport[];
  readonly ignored: readonly { readonly ref: string; readonly reason: string }[];
  /** New commits, all of them verified. */
  readonly commits: number;
  /** New patches. */
  readonly patches: readonly string[];
  readonly unsigned: readonly string[];
  readonly bytes: number;
}

export interface MovedRefReport {
  readonly ref: string;
  readonly change: 'new' | 'fast-forward' | 'forced' | 'pruned' | 'deleted' | 'up-to-date';
  readonly from?: string;
  readonly to?: string;
}

/** Writes what came from where, which refs moved, and what was left alone. */
export function renderFetch(report: FetchReport, view: View): string[] {
  const { style } = view;
  const { ellipsis } = signs(view);
  if (report.moved.length === 0 && report.ignored.length === 0) return ['Already up to date.'];
  const verified =
    report.commits === 0
      ? []
      : [
          `${plural(report.commits, 'commit')}, ${plural(report.patches.length, 'patch', 'patches')}, ` +
            `${formatBytes(report.bytes)}: verified`,
        ];
  const unsigned =
    report.unsigned.length === 0
      ? []
      : [style.warning(`${plural(report.unsigned.length, 'patch', 'patches')} without a signed statement`)];
  return [
    `From ${truncate(printable(report.url), view.width - 5, ellipsis)}`,
    ...renderMovedRefs(report.moved, view),
    ...report.ignored.flatMap(({ ref, reason }) =>
      wrap(`Left alone: ${printable(ref)}: ${printable(reason)}`, view.width).map(style.warning),
    ),
    ...verified,
    ...unsigned,
  ];
}

/** Lists refs with how they moved. */
export function renderMovedRefs(moved: readonly MovedRefReport[], view: View): string[] {
  const rows = moved.map(({ ref, change, from, to }) => [
    `  ${change}`,
    { text: [from, to].flatMap((id) => (id === undefined ? [] : shortId(id))).join('..'), paint: view.style.id },
    { text: ref.replace(/^refs\/(heads|remotes|tags)\//, ''), paint: view.style.name },
  ]);
  return renderTable([{ header: '' }, { header: '' }, { header: '', flexible: true }], rows, view);
}
