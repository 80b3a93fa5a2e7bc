/** Owns the laying out of sequences in a prefix tree, and which of its positions predict what. */
import { CompatibilityError, InternalError } from '../errors.js';
import type { Sequence } from './engine.js';
import { TokenTree } from './token-tree.js';

/** One predicted token: `row` indexes the distinct predicting positions. */
export interface PredictedToken {
  row: number;
  sequence: number;
  index: number;
}

/** Sequences in a tree. */
export interface SequenceLayout {
  tree: TokenTree;
  /** The node of every token of each sequence but its last, which predicts nothing. */
  paths: readonly (readonly number[])[];
  /** Node of each distinct predicting position. */
  nodes: number[];
  /** The predicted tokens whose rows lie in [first, end). */
  inRange(first: number, end: number): readonly PredictedToken[];
}

/** Lays sequences out, sharing prefixes. Throws CONTEXT_TOO_LONG, and INTERNAL for a sequence that predicts nothing. */
export function layOutSequences(sequences: readonly Sequence[], contextLength: number): SequenceLayout {
  const tree = new TokenTree();
  const rowOfNode = new Map<number, number>();
  const predicted: PredictedToken[] = [];
  const paths = sequences.map(({ tokens, from }, sequence) => {
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
    const path = tree.add(tokens.slice(0, -1));
    path.slice(from - 1).forEach((node, index) => {
      let row = rowOfNode.get(node);
      if (row === undefined) rowOfNode.set(node, (row = rowOfNode.size));
      predicted.push({ row, sequence, index });
    });
    return path;
  });
  predicted.sort((a, b) => a.row - b.row);
  return {
    tree,
    paths,
    nodes: [...rowOfNode.keys()],
    inRange(first, end) {
      const begin = predicted.findIndex(({ row }) => row >= first);
      const stop = predicted.findIndex(({ row }) => row >= end);
      return begin < 0 ? [] : predicted.slice(begin, stop < 0 ? undefined : stop);
    },
  };
}
