/** What is written down of a measurement, and what is believed of what others wrote. */
import { describe, expect, test } from '@jest/globals';
import type { PatchId, WeightsId } from '../../src/patch/ids.js';
import { compareAnswers } from '../../src/search/evaluate.js';
import { createStatement } from '../../src/trust/statement.js';
import { evaluationOf, miscalculation, reportOf } from '../../src/workflows/measurement.js';

const patch = '1'.repeat(64) as PatchId;

/** An evaluation of probes of which the first `fixed` are fixed, each in one of `categories` categories. */
function evaluationWith(fixed: number, count: number, categories: number) {
  const probes = Array.from({ length: count }, (_, i) => ({
    ...{ prompt: String(i), correct: 'x', category: `c${i % categories}` },
  }));
  const before = probes.map(() => ({ generated: '', correct: false }));
  const after = probes.map((_, i) => ({ generated: '', correct: i < fixed }));
  const set = { name: 'held.json', sha256: 'c'.repeat(64), probes, role: 'heldout' as const };
  const comparison = compareAnswers(probes, before, after);
  return evaluationOf(
    { probes: [{ set, before, after, comparison }], texts: [], elapsedMs: 1.5 },
    {
      ...{ base: 'b'.repeat(64) as WeightsId, patches: [patch], against: [] },
      ...{ version: '0.1.0', time: new Date('2026-01-02T03:04:05Z') },
    },
  );
}

describe('an evaluation', () => {
  test('is a statement, and reads as what was counted', () => {
    const evaluation = evaluationWith(7, 20, 3);
    createStatement('evaluation', patch, evaluation);
    expect(miscalculation(evaluation)).toBeUndefined();
    const [result] = reportOf(evaluation).probes;
    expect(result).toMatchObject({ role: 'heldout', before: 0, after: 7, fixed: 7, broke: 0, verdict: 'better' });
    expect(result.categories.map(({ total, after }) => [total, after])).toEqual([
      [7, 3],
      [7, 2],
      [6, 2],
    ]);
  });

  test('with very many categories lists none', () => {
    const evaluation = evaluationWith(1, 300, 300);
    createStatement('evaluation', patch, evaluation);
    expect(evaluation.probes[0].categories).toEqual([]);
  });

  test.each([
    ['p', { p: '0.001' }],
    ['lower bound', { fixRate: { low: '0.3', high: '0.5671' } }],
  ])('whose %s is not that of its counts is found out', (_what, claim) => {
    const evaluation = evaluationWith(7, 20, 3);
    const wrong = { ...evaluation, probes: [{ ...evaluation.probes[0], ...claim }] };
    expect(miscalculation(wrong)).toContain('held.json');
  });
});
