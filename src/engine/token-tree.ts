/** Owns the prefix tree that lets many sequences share the evaluation of what they have in common. */

/** No node: the parent of every first token. */
export const ROOT = -1;

/** The path of every node of a range: path[offsets[i] … offsets[i + 1]) are its ancestors, oldest first, and itself. */
export interface Paths {
  /** (nodes + 1) */
  offsets: Int32Array;
  path: Int32Array;
  longest: number;
}

/** Tokens as nodes: each knows its parent, so a node stands for the whole text that leads to it. Parents come first. */
export class TokenTree {
  readonly tokens: number[] = [];
  /** Positions in the text, 0 for a first token. */
  readonly positions: number[] = [];
  readonly #parents: number[] = [];
  readonly #children = new Map<string, number>();

  get size(): number {
    return this.tokens.length;
  }

  /** Finds or adds the node of `token` after `parent`. */
  child(parent: number, token: number): number {
    const key = `${parent} ${token}`;
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    const node = this.append(parent, token);
    this.#children.set(key, node);
    return node;
  }

  /** Adds a node of `token` after `parent` that nothing else will share. */
  append(parent: number, token: number): number {
    const node = this.tokens.length;
    this.tokens.push(token);
    this.#parents.push(parent);
    this.positions.push(parent === ROOT ? 0 : this.positions[parent] + 1);
    return node;
  }

  /** Finds or adds a whole text; returns the node of each of its tokens. */
  add(tokens: readonly number[]): number[] {
    let node = ROOT;
    return tokens.map((token) => (node = this.child(node, token)));
  }

  /** The paths of the nodes from `first` on. */
  paths(first = 0): Paths {
    const count = this.size - first;
    const offsets = new Int32Array(count + 1);
    let longest = 0;
    for (let i = 0; i < count; i++) {
      const length = this.positions[first + i] + 1;
      offsets[i + 1] = offsets[i] + length;
      longest = Math.max(longest, length);
    }
    const path = new Int32Array(offsets[count]);
    for (let i = 0; i < count; i++) {
      let node = first + i;
      for (let at = offsets[i + 1] - 1; at >= offsets[i]; at--) {
        path[at] = node;
        node = this.#parents[node];
      }
    }
    return { offsets, path, longest };
  }
}
