import { expect, test } from '@jest/globals';
import type { Statement } from '../../src/trust/statement.js';
import { linesOf } from '../../src/workflows/statement-lines.js';

const digestOf = (digit: string) => digit.repeat(64);
const searchOf = (settings: Record<string, string>) =>
  ({
    kind: 'search',
    predicate: {
      probes: [
        { role: 'search', name: 'old.json', sha256: digestOf('a'), count: 2 },
        { role: 'search', name: 'new.json', sha256: digestOf('b'), count: 3 },
        { role: 'control', name: 'facts.json', sha256: digestOf('c'), count: 4 },
      ],
      strategy: { name: 'guided', settings: {} },
      fitness: { name: 'answer', settings },
      engine: { name: 'bankai', version: '0' },
      result: { objectiveBefore: '0', objectiveAfter: '1' },
      parents: [],
    },
  }) as unknown as Statement;

test('a search says which probes it was for, and which it held', () => {
  const filesOf = (settings: Record<string, string>) => linesOf(searchOf(settings)).slice(1, 4);
  expect(filesOf({})).toEqual(['probes old.json (2)', 'probes new.json (3)', 'controls facts.json (4)']);
  expect(filesOf({ known: 'aaaaaaaaaaaa dddddddddddd' })).toEqual([
    'probes old.json (2), known below and held',
    'probes new.json (3)',
    'controls facts.json (4)',
  ]);
});
