/**
 * Owns who a position serves on the way back.
 *
 * Forward, all sequences share their prefixes. A gradient belongs to one owner, so backward a shared position is there
 * once for each owner that reads it, and takes its forward numbers from the shared one.
 */
import type { Sequence } from './engine.js';
import type { SequenceLayout } from './sequence-layout.js';
import { ROOT, TokenTree } from './token-tree.js';

/** The positions of a batch, told apart by owner. */
export interface OwnerLayout {
  tree: TokenTree;
  /** The node of the shared tree that each node stands for; undefined when the two trees are one. */
  sources: number[] | undefined;
  /** The owner of each node: non-decreasing. */
  owners: number[];
  count: number;
  /** Node of each position that predicts a token. */
  nodes: number[];
  /** The token that each of these predicts, and the sequences that ask for it; of one owner without sequences, none. */
  targets: { token: number; sequences: number[] }[];
}

/** Gives all nodes of the shared tree to one owner. */
export function oneOwner({ tree, nodes }: SequenceLayout): OwnerLayout {
  return { tree, sources: undefined, owners: tree.tokens.map(() => 0), count: 1, nodes, targets: [] };
}

/**
 * Tells nodes apart by the owners of their sequences. Sequences of one owner share what they have in common, up to the
 * first token in which they differ: every predicting position has one target.
 */
export function tellApart(
  layout: SequenceLayout,
  sequences: readonly Sequence[],
  ownerOf: readonly number[],
): OwnerLayout {
  const tree = new TokenTree();
  const known = new Map<string, number>();
  const apart: OwnerLayout = { tree, sources: [], owners: [], count: 0, nodes: [], targets: [] };
  const targetOf = new Map<number, OwnerLayout['targets'][number]>();
  sequences.forEach(({ tokens, from }, sequence) => {
    const owner = ownerOf[sequence];
    let parent = ROOT;
    layout.paths[sequence].forEach((source, i) => {
      const token = i + 1 >= from ? tokens[i + 1] : undefined;
      const key = `${owner} ${parent} ${source} ${token ?? ''}`;
      let node = known.get(key);
      if (node === undefined) {
        node = tree.append(parent, layout.tree.tokens[source]);
        known.set(key, node);
        apart.sources?.push(source);
        apart.owners.push(owner);
        if (token !== undefined) {
          const target = { token, sequences: [] };
          targetOf.set(node, target);
          apart.nodes.push(node);
          apart.targets.push(target);
        }
      }
      targetOf.get(node)?.sequences.push(sequence);
      parent = node;
    });
    apart.count = owner + 1;
  });
  return apart;
}
