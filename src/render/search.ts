/** Owns how the catalogue of registries looks: `bankai search`. */
import { gainOf, type PublishedVersion } from './gain.js';
import { shortId } from './id.js';
import { formatProbability, plural } from './number.js';
import { renderTable } from './table.js';
import { printable, wrap } from './text.js';
import type { View } from './view.js';

/** A version, with what was measured of it. */
export interface SearchResult extends PublishedVersion {
  readonly registry: string;
  readonly yanked?: string;
  /** Held-out problems, over all files. */
  readonly fixed: number;
  readonly broke: number;
  readonly count: number;
  readonly gain: number;
  /** Exact McNemar test of fixed against broke, two-sided. */
  readonly p: number;
  /** 95 % Wilson interval of fixed as a part of what was wrong before. */
  readonly fixRate: { readonly low: number; readonly high: number };
  readonly verdict: 'better' | 'worse' | 'not significant' | 'unchanged';
}

/** What `bankai search --json` prints: `schema/search.schema.json`. */
export interface SearchReport {
  readonly results: readonly SearchResult[];
  readonly problems: readonly {
    readonly registry: string;
    readonly namespace?: string;
    readonly code: string;
    readonly message: string;
  }[];
  /** Registries that could not be asked: what is known of them is shown. */
  readonly offline: readonly string[];
}

/** Writes one line a patch: what it gains on held-out problems, for which base, and what it is for. */
export function renderSearch({ results, problems, offline }: SearchReport, view: View): string[] {
  const { style } = view;
  const table = renderTable(
    [
      { header: 'patch', flexible: true },
      { header: 'held out' },
      { header: '' },
      { header: 'base', flexible: true },
      { header: 'about', flexible: true },
    ],
    results.map((result) => [
      { text: `${result.name}@${result.version}`, paint: result.yanked === undefined ? style.name : style.bad },
      result.count === 0 ? { text: 'not measured', paint: style.warning } : gainOf(result.heldOut, view),
      result.count === 0 ? '' : { text: formatProbability(result.p), paint: paintOf(result, view) },
      result.baseName ?? shortId(result.base),
      result.yanked === undefined ? result.description.split('\n')[0] : `yanked: ${result.yanked}`,
    ]),
    view,
  );
  return [
    ...(results.length === 0 ? ['Nothing found.'] : [...table, '', `${plural(results.length, 'patch', 'patches')}.`]),
    ...offline.flatMap((name) =>
      wrap(`Registry "${printable(name)}" cannot be reached: this is what was known of it.`, view.width),
    ),
    ...problems.flatMap(({ registry, namespace, message }) =>
      wrap(`${printable(namespace ?? registry)} is left out: ${printable(message)}`, view.width).map(style.warning),
    ),
  ];
}

const paintOf = ({ verdict }: SearchResult, { style }: View) =>
  verdict === 'better' ? style.good : verdict === 'worse' ? style.bad : style.warning;
