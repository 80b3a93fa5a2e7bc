/** Owns how `bankai log` looks. */
import { drawGraph } from './graph.js';
import { shortId } from './id.js';
import { plural } from './number.js';
import { printable, printableLines, truncate } from './text.js';
import { signs, type View } from './view.js';

/** A commit as `bankai log --json` prints it: an item of `schema/log.schema.json`. */
export interface LogEntry {
  readonly commit: string;
  readonly parents: readonly string[];
  readonly author: string;
  /** ISO 8601 with the author's offset. */
  readonly date: string;
  readonly message: string;
  readonly patchesAdded: readonly PatchChange[];
  readonly patchesRemoved: readonly PatchChange[];
  /** Branches and tags that point here. */
  readonly refs: readonly string[];
}

/** A patch that came or went with a commit. */
export interface PatchChange {
  readonly id: string;
  readonly flips: number;
}

/** Writes one paragraph a commit, as `git log` does, with the patches that came and went. */
export function renderLog(entries: readonly LogEntry[], view: View): string[] {
  const { style } = view;
  return entries.flatMap((entry, i) => [
    ...(i === 0 ? [] : ['']),
    // The id is whole here, as in git: this is the place to copy it from.
    style.id(`commit ${entry.commit}`) + (entry.refs.length > 0 ? references(entry, view, 49) : ''),
    ...(entry.parents.length > 1 ? [`Merge:  ${entry.parents.map(shortId).join(' ')}`] : []),
    `Author: ${printable(entry.author)}`,
    `Date:   ${formatDate(entry.date)}`,
    '',
    ...printableLines(entry.message).map((line) => `    ${line}`.trimEnd()),
    ...patchLines(entry, view),
  ]);
}

/** Writes one line a commit: short id, references, subject, patches. */
export function renderLogOneline(entries: readonly LogEntry[], view: View): string[] {
  const { style } = view;
  return entries.map((entry) => {
    const id = shortId(entry.commit);
    const refs = entry.refs.length > 0 ? references(entry, view, id.length + 20) : '';
    const shown = entry.refs.length > 0 ? plainReferences(entry, view, id.length + 20).length : 0;
    const change = changeSummary(entry);
    const room = view.width - id.length - shown - 1 - (change === '' ? 0 : change.length + 1);
    const subject = truncate(printable(entry.message.split('\n')[0]), room, signs(view).ellipsis);
    return `${style.id(id)}${refs} ${subject}${change === '' ? '' : ` ${style.faint(change)}`}`;
  });
}

/** Draws the history beside the commits, newest first, as `git log --graph` does. */
export function renderLogGraph(entries: readonly LogEntry[], oneline: boolean, view: View): string[] {
  const { style } = view;
  const rows = drawGraph(entries);
  return entries.flatMap((entry, i) => {
    const { first, links, more } = rows[i];
    const narrower = { ...view, width: view.width - first.length };
    const lines = oneline ? renderLogOneline([entry], narrower) : renderLog([entry], narrower);
    // An empty line keeps two commits apart, where they have several lines.
    if (!oneline && i < entries.length - 1) lines.push('');
    const [head, ...others] = lines;
    const beside = [...links, ...others.slice(links.length).map(() => more)];
    return [
      style.faint(first) + head,
      ...beside.map((graph, j) =>
        `${style.faint(graph.trimEnd().padEnd(others[j] ? graph.length : 0))}${others[j] ?? ''}`.trimEnd(),
      ),
    ];
  });
}

function patchLines(entry: LogEntry, view: View): string[] {
  const { style } = view;
  const lines = [
    ...entry.patchesAdded.map((patch) => `    ${style.good('+')} ${describe(patch, view)}`),
    ...entry.patchesRemoved.map((patch) => `    ${style.bad('-')} ${describe(patch, view)}`),
  ];
  return lines.length === 0 ? [] : ['', ...lines];
}

function describe(patch: PatchChange, view: View): string {
  return `patch ${view.style.id(shortId(patch.id))}  ${plural(patch.flips, 'flip')}`;
}

function changeSummary(entry: LogEntry): string {
  const added = entry.patchesAdded.length;
  const removed = entry.patchesRemoved.length;
  const parts = [...(added > 0 ? [`+${added}`] : []), ...(removed > 0 ? [`-${removed}`] : [])];
  return parts.length === 0 ? '' : `[${parts.join(' ')}]`;
}

function plainReferences(entry: LogEntry, view: View, taken: number): string {
  const names = entry.refs.map(printable).join(', ');
  return ` (${truncate(names, view.width - taken - 3, signs(view).ellipsis)})`;
}

function references(entry: LogEntry, view: View, taken: number): string {
  return view.style.name(plainReferences(entry, view, taken));
}

/** Turns `2026-07-14T09:30:00+02:00` into `2026-07-14 09:30:00 +0200`: the author's own clock, the same everywhere. */
function formatDate(iso: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|([+-]\d\d):?(\d\d))$/.exec(iso);
  if (!match) return printable(iso);
  const [, day, time, hours = '+00', minutes = '00'] = match;
  return `${day} ${time} ${hours}${minutes}`;
}
