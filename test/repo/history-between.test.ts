/** The part of the history between two commits, held against the real git. */
import { expect, test } from '@jest/globals';
import { historyBetween } from '../../src/repo/history-between.js';
import { resolveRevision } from '../../src/repo/resolve.js';
import { commitRow, newRepository, runGit } from './sandbox.js';

test('is what git rev-list gives, parents first', async () => {
  const repository = await newRepository();
  await commitRow(repository, 1, 'calc');
  await commitRow(repository, 2);
  await commitRow(repository, 3, 'math');
  runGit(repository.directory, 'merge', '--quiet', '--no-edit', 'calc');
  await commitRow(repository, 4);
  const pairs = [
    ['base', 'math'],
    ['calc', 'math'],
    ['math', 'calc'],
    ['math', 'math'],
    ['base', 'base'],
  ];
  for (const [from, to] of pairs) {
    const [a, b] = await Promise.all([resolveRevision(repository, from), resolveRevision(repository, to)]);
    for (const firstParent of [false, true]) {
      const listed = await historyBetween(repository, a, b, { firstParent });
      const flags = firstParent ? ['--first-parent'] : [];
      const expected = runGit(repository.directory, 'rev-list', ...flags, b, `^${a}`)
        .split('\n')
        .filter(Boolean);
      expect(listed.map(({ id }) => id).sort()).toEqual(expected.sort());
      const place = new Map(listed.map(({ id }, i) => [id, i]));
      for (const { id, parents } of listed) {
        for (const parent of parents) expect(place.get(parent) ?? -1).toBeLessThan(place.get(id) as number);
      }
    }
  }
});
