/** Owns the laying out of sequences in a prefix tree, and which of its positions predict what. */
import { CompatibilityError, InternalError } from '../errors.js';
import type { Sequence } from './engine.js';
import { ROOT, TokenTree } from './token-tree.js';

/** One predicted token: `row` indexes the distinct predicting positions. */
export interface PredictedToken {
  row: number;
  sequence: number;
  index: number;
}

/** Sequences in a tree. */
export interface SequenceLayout {
  tree: TokenTree;
  /** Node of each distinct predicting position. */
  nodes: number[];
  /** The sequence that each node serves; all 0 where sequences share their prefixes. */
  owners: number[];
  /** The predicted tokens whose rows lie in [first, end). */
  inRange(first: number, end: number): readonly PredictedToken[];
}

/**
 * Lays sequences out, sharing prefixes unless they are to stay apart. Throws CONTEXT_TOO_LONG, and INTERNAL for a
 * sequence that predicts nothing.
 */
export function layOutSequences(sequences: readonly Sequence[], contextLength: number, apart: boolean): SequenceLayout {
  const tree = new TokenTree();
  const owners: number[] = [];
  const rowOfNode = new Map<number, number>();
  const predicted: PredictedToken[] = [];
  sequences.forEach(({ tokens, from }, sequence) => {
    if (from < 1 || from >= tokens.length) {
      throw new InternalError(
        'INTERNAL',
        `Sequence ${sequence} of ${tokens.length} tokens cannot be predicted from ${from}`,
      );
    }
    if (tokens.length > contextLength) {
      throw new CompatibilityError(
        'CONTEXT_TOO_LONG',
        `A text of ${tokens.length} tokens is longer than the model's context of ${contextLength}`,
        { hint: 'Shorten the prompt or the answer.' },
      );
    }
    let parent = ROOT;
    for (let i = 0; i < tokens.length - 1; i++) {
      parent = apart ? tree.append(parent, tokens[i]) : tree.child(parent, tokens[i]);
      owners[parent] = apart ? sequence : 0;
      if (i + 1 < from) continue;
      let row = rowOfNode.get(parent);
      if (row === undefined) rowOfNode.set(parent, (row = rowOfNode.size));
      predicted.push({ row, sequence, index: i + 1 - from });
    }
  });
  predicted.sort((a, b) => a.row - b.row);
  return {
    tree,
    owners,
    nodes: [...rowOfNode.keys()],
    inRange(first, end) {
      const begin = predicted.findIndex(({ row }) => row >= first);
      const stop = predicted.findIndex(({ row }) => row >= end);
      return begin < 0 ? [] : predicted.slice(begin, stop < 0 ? undefined : stop);
    },
  };
}
