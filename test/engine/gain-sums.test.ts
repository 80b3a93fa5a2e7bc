/** What changes add to a gain, summed up over owners: against the formula, and the same on every backend. */
import { expect, test } from '@jest/globals';
import type { GainResponse } from '../../src/engine/engine.js';
import { withEffects } from '../../src/engine/gain-sums.js';
import type { Kernels } from '../../src/engine/kernels/kernels.js';
import { describeBackends, plain, randomNumbers, randomValues, wasmByThreads } from './kernels/backends.js';

const OWNERS = 9;
/** Two samples, a single owner, and the rest in no order. */
const strata = [[0, 3, 4], [8], [7, 1, 2, 5, 6]];

const response = (seed: number, price = 1): GainResponse => {
  const random = randomNumbers(seed);
  const drawn = (size: number): Float64Array => Float64Array.from({ length: OWNERS }, () => size * (random() - 0.3));
  return { rise: drawn(2), fall: drawn(3), lead: drawn(1), price: drawn(price).map((value) => Math.max(0, value)) };
};

/** Effects on all owners, and the parts that count. */
function effectsOf(rows: number) {
  const parts = Float32Array.from({ length: rows }, (_, row) => [0.25, -0.5, 1, 0][row % 4]);
  return { table: { owners: OWNERS, rows, values: randomValues(OWNERS * rows, rows) }, parts };
}

function summarize(kernels: Kernels, rows: number, responses: readonly GainResponse[]) {
  const { table, parts } = effectsOf(rows);
  return withEffects(kernels, table, (sumUp) => responses.map((one) => sumUp(one, strata)), parts);
}

/** One row as the definition reads: each owner's gain, the mean, and the spread within strata. */
function byDefinition(effects: readonly number[], { rise, fall, lead, price }: GainResponse) {
  const gains = effects.map((e, owner) => e * (e > 0 ? rise : fall)[owner]);
  const lost = effects.map((e, owner) => price[owner] * (Math.max(0, -lead[owner] - e) - Math.max(0, -lead[owner])));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const variance = strata.map((members) => {
    const ofMembers = members.map((owner) => gains[owner]);
    const mean = sum(ofMembers) / members.length;
    if (members.length === 1) return mean ** 2;
    return (members.length * sum(ofMembers.map((gain) => (gain - mean) ** 2))) / (members.length - 1);
  });
  return { mean: (sum(gains) - sum(lost)) / OWNERS, standardError: Math.sqrt(sum(variance)) / OWNERS };
}

describeBackends('sums of gains', (kernels) => {
  test.each([1, 4, 63, 131])('are those of the definition, for one response after the other: %i rows', (rows) => {
    const responses = [response(1), response(2, 0)];
    const { table, parts } = effectsOf(rows);
    const before = kernels.memory.mark();
    const summaries = summarize(kernels, rows, responses);
    summaries.forEach(({ mean, standardError }, i) => {
      expect(mean).toHaveLength(rows);
      for (let row = 0; row < rows; row++) {
        const effects = Array.from({ length: OWNERS }, (_, owner) => parts[row] * table.values[owner * rows + row]);
        const expected = byDefinition(effects, responses[i]);
        expect(mean[row]).toBeCloseTo(expected.mean, 12);
        expect(standardError[row]).toBeCloseTo(expected.standardError, 12);
      }
    });
    expect(kernels.memory.mark()).toBe(before);
  });
});

test('are the same to the last bit on every backend', () => {
  const [expected, ...others] = [plain, ...wasmByThreads].map((kernels) => summarize(kernels, 200, [response(3)]));
  for (const other of others) expect(other).toEqual(expected);
});
