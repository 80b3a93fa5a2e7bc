/** Owns how `bankai reflog` looks. */
import { shortId } from './id.js';
import { displayWidth, printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** A move as `bankai reflog --json` prints it: an item of `schema/reflog.schema.json`. */
export interface ReflogLine {
  /** `calc@{2}`: how a stack calls the commit. */
  readonly selector: string;
  /** Where the ref was moved to; missing when it was deleted. */
  readonly commit?: string;
  /** Where it was; missing when it was new. */
  readonly previous?: string;
  readonly by: string;
  /** ISO 8601. */
  readonly date: string;
  readonly message: string;
}

/** Writes one line a move, newest first, as `git reflog` does. */
export function renderReflog(entries: readonly ReflogLine[], view: View): string[] {
  const { style } = view;
  if (entries.length === 0) return ['No moves recorded.'];
  return entries.map(({ commit, selector, message }) => {
    const id = shortId(commit ?? '0'.repeat(40));
    const name = truncate(printable(selector), 30, signs(view).ellipsis);
    const room = view.width - id.length - displayWidth(name) - 3;
    const text = truncate(printable(message), room, signs(view).ellipsis);
    return `${style.id(id)} ${style.name(name)}:${text === '' ? '' : ` ${text}`}`;
  });
}
