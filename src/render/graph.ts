/**
 * Owns the drawing of a history beside its commits, as `git log --graph` does it, with characters of ASCII alone:
 *
 *     *   merge
 *     |\
 *     | * second parent
 *     * | first parent
 *     |/
 *     * where they parted
 */

/** What stands before the lines of one commit. */
export interface GraphRow {
  /** Before its first line: the star, and the columns beside it. */
  readonly first: string;
  /** Lines under it that lead to its parents. */
  readonly links: readonly string[];
  /** Before any more lines of it. */
  readonly more: string;
}

interface Node {
  readonly commit: string;
  readonly parents: readonly string[];
}

/** Draws the commits of a history, children before parents. All lines of a row are padded to one width. */
export function drawGraph(nodes: readonly Node[]): GraphRow[] {
  let columns: string[] = [];
  return nodes.map(({ commit, parents }) => {
    if (!columns.includes(commit)) columns = [...columns, commit];
    const at = columns.indexOf(commit);
    const right = columns.length - at - 1;
    // A merge with what the next column waits for anyway needs no column of its own.
    const joins = parents.length === 2 && columns[at + 1] === parents[1];
    const width = 2 * (columns.length - 1 + (joins ? 1 : Math.max(1, parents.length)));
    // An octopus shows its third parent and those behind it on its own line.
    const arms = parents.length > 2 ? `${'-'.repeat(2 * (parents.length - 3) + 1)}. ` : ' ';
    const first = `${'| '.repeat(at)}*${arms}${'| '.repeat(right)}`;
    columns = columns.flatMap((column) => (column === commit ? parents.slice(0, joins ? 1 : undefined) : [column]));
    const links: string[] = [];
    if (joins) links.push(`${'| '.repeat(at)}|\\${'| '.repeat(right)}`);
    else if (parents.length > 1) links.push(`${'| '.repeat(at)}|${'\\ '.repeat(parents.length - 1 + right)}`);
    if (parents.length === 0 && right > 0) links.push(`${'| '.repeat(at)} ${' /'.repeat(right)}`);
    columns = collapse(columns, links);
    const pad = (line: string): string => line.trimEnd().padEnd(width);
    return { first: pad(first), links: links.map(pad), more: pad('| '.repeat(columns.length)) };
  });
}

/** Leads columns that wait for the same commit together, the right one to the left one, a step a line. */
function collapse(columns: readonly string[], links: string[]): string[] {
  const kept = [...columns];
  for (;;) {
    const from = kept.findIndex((column, i) => kept.indexOf(column) < i);
    if (from < 0) return kept;
    const to = kept.indexOf(kept[from]);
    const right = kept.length - from - 1;
    for (let edge = from; edge > to; edge--) {
      const bars = Array.from({ length: from }, (_, i) => (i === edge - 1 ? '|/' : '| ')).join('');
      links.push(bars + (edge === from ? ' /'.repeat(right) : '| '.repeat(right)));
    }
    kept.splice(from, 1);
  }
}
