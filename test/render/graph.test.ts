/** The graph of a history, line by line as git draws it. */
import { expect, test } from '@jest/globals';
import { drawGraph } from '../../src/render/graph.js';
import { topologicalOrder } from '../../src/repo/topological-order.js';
import { readHead } from '../../src/repo/branch.js';
import { readCommit } from '../../src/repo/object.js';
import { newRepository, runGit } from '../repo/sandbox.js';

/** Branches that part, meet and cross: `c` commits, `b NAME AT` starts a branch, `m NAME…` merges. */
const histories: Record<string, readonly string[]> = {
  'a line': ['c', 'c'],
  'two branches that meet': ['b x main', 'c', 'c', 'b y main', 'c', 'm x', 'c'],
  'a merge that could have been none': ['b x main', 'c', 'c', 'm main~0', 'b y main', 'mn x'],
  'branches of branches': ['b x main', 'c', 'b y main', 'c', 'm x', 'c', 'b z x', 'c', 'b w y', 'c', 'm z', 'c'],
  'three that part at one place': ['b x main', 'c', 'b y main', 'c', 'b z main', 'c', 'm y', 'm x'],
};

/** git bends a column that is about to end one line early, beside the star. */
const straight = (line: string): string => line.trimEnd().replace(/^\* \/ /, '* | ');

test.each(Object.keys(histories))('%s is drawn as git draws it', async (name) => {
  const repository = await newRepository();
  const git = (...args: string[]) => runGit(repository.directory, ...args);
  for (const [i, step] of histories[name].entries()) {
    const [verb, ...names] = step.split(' ');
    if (verb === 'b') git('checkout', '-q', '-b', names[0], names[1]);
    else if (verb === 'c') git('commit', '-q', '--allow-empty', '-m', `step ${i}`);
    else git('merge', '-q', verb === 'mn' ? '--no-ff' : '--ff', '-m', `step ${i}`, ...names);
  }
  const order = await topologicalOrder(repository, (await readHead(repository)).commit);
  const commits = await Promise.all(order.map((id) => readCommit(repository, id)));
  const rows = drawGraph(commits.map(({ id, parents }) => ({ commit: id, parents })));
  const ours = rows.flatMap(({ first, links }, i) => [`${first}${order[i]}`, ...links.map((line) => line.trimEnd())]);
  expect(ours).toEqual(git('log', '--graph', '--format=%H').split('\n').map(straight));
});

test('a merge of three has its arms on its line', () => {
  const rows = drawGraph([
    { commit: 'm', parents: ['a', 'b', 'c'] },
    { commit: 'c', parents: ['r'] },
    { commit: 'b', parents: ['r'] },
    { commit: 'a', parents: ['r'] },
    { commit: 'r', parents: [] },
  ]);
  expect(rows.flatMap(({ first, links }) => [first, ...links].map((line) => line.trimEnd()))).toEqual([
    '*-.',
    '|\\ \\',
    '| | *',
    '| * |',
    '| |/',
    '* |',
    '|/',
    '*',
  ]);
});
