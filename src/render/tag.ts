/** Owns how `bankai tag` looks. */
import { shortId } from './id.js';
import { plural } from './number.js';
import { renderTable } from './table.js';
import { printable } from './text.js';
import type { View } from './view.js';

/** A tag as `bankai tag --json` prints it: an item of `schema/tag.schema.json`. */
export interface TagSummary {
  readonly name: string;
  readonly commit: string;
  readonly patches: number;
  /** Of an annotated tag, without its signature. */
  readonly message?: string;
  readonly signed?: boolean;
  readonly tagger?: string;
  readonly date?: string;
}

/** Lists tags: name, commit, size, and the first line of what an annotated one says. */
export function renderTags(tags: readonly TagSummary[], view: View): string[] {
  const { style } = view;
  const rows = tags.map((tag) => [
    { text: tag.name, paint: style.name },
    { text: shortId(tag.commit), paint: style.id },
    tag.patches === 0 ? 'base' : plural(tag.patches, 'patch', 'patches'),
    (tag.message ?? '').split('\n')[0],
  ]);
  const columns = [{ header: '' }, { header: '' }, { header: '' }, { header: '', flexible: true }];
  return renderTable(columns, rows, view);
}

/** A tag that was just created, or deleted. */
export type ChangedTag =
  | { readonly name: string; readonly commit: string; readonly patches: number }
  | { readonly name: string; readonly object: string; readonly deleted: true };

/** Writes what became of a tag. */
export function renderChangedTag(tag: ChangedTag, { style }: View): string[] {
  const name = style.name(printable(tag.name));
  if ('deleted' in tag) return [`Deleted tag ${name}, which was ${style.id(shortId(tag.object))}`];
  const what = tag.patches === 0 ? 'the base' : plural(tag.patches, 'patch', 'patches');
  return [`Created tag ${name} at ${style.id(shortId(tag.commit))} (${what})`];
}
