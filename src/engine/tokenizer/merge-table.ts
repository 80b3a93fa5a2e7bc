/** Owns the rules of byte-pair merging as one flat hash table: 150,000 rules load in milliseconds. */
import type { MergeTable } from './merge.js';
import { invalid } from './read-vocabulary.js';

/**
 * Indexes merges (`left right`, by rank) by the ids of their parts. Of a rule given twice the first counts.
 * Throws GGUF_INVALID for a rule whose parts or product are not in the vocabulary.
 */
export function mergeTable(merges: readonly string[], idOfText: ReadonlyMap<string, number>): MergeTable {
  // Open addressing, less than half full. Slots hold rank + 1, so that 0 is an empty one.
  const mask = 2 ** Math.ceil(Math.log2(2 * merges.length + 2)) - 1;
  const slots = new Int32Array(mask + 1);
  const lefts = new Int32Array(merges.length);
  const rights = new Int32Array(merges.length);
  const products = new Int32Array(merges.length);
  /** The slot of a pair, or the empty one where it would go. */
  const slotOf = (left: number, right: number): number => {
    let slot = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 0;
    for (slot = (slot ^ (slot >>> 15)) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const rank = slots[slot] - 1;
      if (lefts[rank] === left && rights[rank] === right) break;
    }
    return slot;
  };
  merges.forEach((merge, rank) => {
    const space = merge.indexOf(' ', 1);
    const known = (text: string) => {
      const id = idOfText.get(text);
      if (id === undefined) throw invalid(`merge ${rank} ("${merge}") needs "${text}", which is not a token`);
      return id;
    };
    if (space < 0) throw invalid(`merge ${rank} ("${merge}") is not two tokens`);
    lefts[rank] = known(merge.slice(0, space));
    rights[rank] = known(merge.slice(space + 1));
    products[rank] = known(merge.slice(0, space) + merge.slice(space + 1));
    const slot = slotOf(lefts[rank], rights[rank]);
    if (slots[slot] === 0) slots[slot] = rank + 1;
  });
  return { products, find: (left, right) => slots[slotOf(left, right)] - 1 };
}
