import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { differingEntries, findTree } from '../../src/repo/raw-tree.js';

/** What a tree of the test has under each name. */
type Entries = Readonly<Record<string, { mode: string; id: number }>>;

/** A tree object in git's order. */
const encode = (entries: Entries): Buffer =>
  Buffer.concat(
    Object.entries(entries)
      .map(([name, { mode, id }]) => ({
        place: Buffer.from(mode === '40000' ? `${name}/` : name),
        bytes: Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.alloc(20, id)]),
      }))
      .sort((a, b) => a.place.compare(b.place))
      .map(({ bytes }) => bytes),
  );

test('two trees differ in the entries that only one of them has', () => {
  const name = fc.stringMatching(/^[a-c.]{1,3}$/);
  const tree = fc.dictionary(name, fc.record({ mode: fc.constantFrom('40000', '100644'), id: fc.nat(3) }), {
    maxKeys: 12,
  });
  fc.assert(
    fc.property(tree, tree, fc.boolean(), (some, others, kin) => {
      const [before, after] = [some, kin ? { ...some, ...others } : others];
      for (const name of [...Object.keys(before), 'd'])
        expect(findTree(encode(before), name)).toBe(
          before[name]?.mode === '40000' ? Buffer.alloc(20, before[name].id).toString('hex') : undefined,
        );
      const missing = (here: Entries, there: Entries, side: string) =>
        Object.entries(here)
          .filter(([name, { mode, id }]) => there[name]?.mode !== mode || there[name].id !== id)
          .map(([name, { mode, id }]) => `${side} ${name} ${mode === '40000'} ${Buffer.alloc(20, id).toString('hex')}`);
      const found = differingEntries(encode(before), encode(after));
      expect(found.map(({ side, name, isTree, oid }) => `${side} ${name} ${isTree} ${oid}`).sort()).toEqual(
        [...missing(before, after, 'before'), ...missing(after, before, 'after')].sort(),
      );
    }),
    { numRuns: 2000 },
  );
});

test('a tree that ends in the middle of an entry is refused', () => {
  const whole = encode({ a: { mode: '100644', id: 1 }, b: { mode: '100644', id: 2 } });
  expect(() => differingEntries(whole.subarray(0, whole.length - 1), Buffer.alloc(0))).toThrow('middle of an entry');
});
