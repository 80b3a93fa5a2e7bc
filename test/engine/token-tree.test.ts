import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ROOT, TokenTree } from '../../src/engine/token-tree.js';

const texts = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 6 }), { maxLength: 12 });

describe('TokenTree', () => {
  test('evaluates a shared prefix once', () => {
    const tree = new TokenTree();
    tree.add([1, 2, 3]);
    tree.add([1, 2, 4, 5]);
    expect(tree.tokens).toEqual([1, 2, 3, 4, 5]);
    expect(tree.positions).toEqual([0, 1, 2, 2, 3]);
  });

  test('has one node for every distinct prefix', () => {
    fc.assert(
      fc.property(texts, (sequences) => {
        const tree = new TokenTree();
        for (const sequence of sequences) tree.add(sequence);
        const prefixes = new Set(sequences.flatMap((s) => s.map((_, i) => s.slice(0, i + 1).join())));
        expect(tree.size).toBe(prefixes.size);
      }),
    );
  });

  test('gives every node the path that spells its text', () => {
    fc.assert(
      fc.property(texts, (sequences) => {
        const tree = new TokenTree();
        const nodes = sequences.map((sequence) => tree.add(sequence));
        const { offsets, path, longest } = tree.paths();
        expect(longest).toBe(Math.max(0, ...sequences.map((s) => s.length)));
        sequences.forEach((sequence, i) => {
          const last = nodes[i][sequence.length - 1];
          const spelt = [...path.subarray(offsets[last], offsets[last + 1])].map((node) => tree.tokens[node]);
          expect(spelt).toEqual(sequence);
        });
      }),
    );
  });

  test('appends nodes that nothing shares', () => {
    const tree = new TokenTree();
    const [first, second] = tree.add([1, 2]);
    const again = tree.append(first, 2);
    expect(again).not.toBe(second);
    expect(tree.add([1, 2])).toEqual([first, second]);
    expect([...tree.paths(again).path]).toEqual([0, again]);
  });

  test('gives the paths of later nodes alone', () => {
    const tree = new TokenTree();
    const [, last] = tree.add([7, 8]);
    const first = tree.size;
    const next = tree.child(last, 9);
    tree.child(ROOT, 5);
    const { offsets, path } = tree.paths(first);
    expect([...offsets]).toEqual([0, 3, 4]);
    expect([...path]).toEqual([0, last, next, first + 1]);
  });
});
