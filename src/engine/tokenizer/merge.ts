/** Owns byte-pair merging: from the ids of single bytes to the ids of tokens. */

/** What a pair of neighbours becomes, and how early: a lower rank is merged first. */
export interface MergeTable {
  /** Index of the rule for (left, right), which is its rank; −1 when there is none. */
  find(left: number, right: number): number;
  /** The token that each rule makes, by rank. */
  readonly products: Int32Array;
}

/** Words up to this length are scanned for their best pair each time, which is quicker than keeping a heap. */
const SCANNED_LENGTH = 24;

/** Merges the tokens of one word, lowest rank first and leftmost among equals, until no rule applies. */
export function mergeWord(ids: readonly number[], table: MergeTable): number[] {
  return ids.length <= SCANNED_LENGTH ? mergeByScanning([...ids], table) : mergeByHeap(ids, table);
}

function mergeByScanning(ids: number[], table: MergeTable): number[] {
  const ranks = ids.map((id, i) => (i + 1 < ids.length ? table.find(id, ids[i + 1]) : -1));
  for (;;) {
    let best = -1;
    for (let i = 0; i + 1 < ids.length; i++) {
      if (ranks[i] >= 0 && (best < 0 || ranks[i] < ranks[best])) best = i;
    }
    if (best < 0) return ids;
    ids[best] = table.products[ranks[best]];
    ids.splice(best + 1, 1);
    ranks.splice(best + 1, 1);
    ranks[best] = best + 1 < ids.length ? table.find(ids[best], ids[best + 1]) : -1;
    if (best > 0) ranks[best - 1] = table.find(ids[best - 1], ids[best]);
  }
}

/**
 * The same in n · log n: a doubly linked list of tokens, and a heap of the pairs that can merge, ordered by rank and
 * place. A pair that has changed since it was queued is recognised by its rank and dropped. A word of 100 kB is no
 * trouble then, and texts come from strangers.
 */
function mergeByHeap(ids: readonly number[], table: MergeTable): number[] {
  const length = ids.length;
  const tokens = Int32Array.from(ids);
  const next = Int32Array.from({ length }, (_, i) => (i + 1 < length ? i + 1 : -1));
  const previous = Int32Array.from({ length }, (_, i) => i - 1);
  const rankAt = new Int32Array(length).fill(-1);
  // A key is rank · length + place: below 2^53 for any vocabulary and any string.
  const heap: number[] = [];
  const consider = (at: number) => {
    rankAt[at] = next[at] < 0 ? -1 : table.find(tokens[at], tokens[next[at]]);
    if (rankAt[at] >= 0) push(heap, rankAt[at] * length + at);
  };
  for (let at = 0; at < length; at++) consider(at);
  while (heap.length > 0) {
    const key = pop(heap);
    const at = key % length;
    const rank = (key - at) / length;
    if (rankAt[at] !== rank) continue;
    const gone = next[at];
    tokens[at] = table.products[rank];
    rankAt[gone] = -1;
    next[at] = next[gone];
    if (next[gone] >= 0) previous[next[gone]] = at;
    consider(at);
    if (previous[at] >= 0) consider(previous[at]);
  }
  const merged: number[] = [];
  for (let at = 0; at >= 0; at = next[at]) merged.push(tokens[at]);
  return merged;
}

function push(heap: number[], key: number): void {
  let at = heap.length;
  heap.push(key);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent] <= key) break;
    heap[at] = heap[parent];
    at = parent;
  }
  heap[at] = key;
}

/** Takes the least key out of a heap that is not empty. */
function pop(heap: number[]): number {
  const least = heap[0];
  const last = heap[heap.length - 1];
  heap.length--;
  let at = 0;
  while (2 * at + 1 < heap.length) {
    let child = 2 * at + 1;
    if (child + 1 < heap.length && heap[child + 1] < heap[child]) child++;
    if (heap[child] >= last) break;
    heap[at] = heap[child];
    at = child;
  }
  if (heap.length > 0) heap[at] = last;
  return least;
}
