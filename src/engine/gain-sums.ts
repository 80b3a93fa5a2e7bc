/** Owns the summing up of effects over their owners: what changes add to a gain on average, and how sure that is. */
import type { EffectTable, GainSummary, SumUp } from './engine.js';
import type { Kernels } from './kernels/kernels.js';
import { uploadFloats, uploadInts } from './upload.js';

/** Rows up to a multiple of which there must be room for sums. */
const ROWS_AT_ONCE = 4;

/** Numbers of an owner's response: its index, along, across, paid, limit, behind. */
const RESPONSE = 6;

/** Lays effects out for as long as `use` runs: see `Engine.withEffects`. */
export function withEffects<T>(
  kernels: Kernels,
  { owners, rows, values }: EffectTable,
  use: (sumUp: SumUp) => T,
  parts: Float32Array = new Float32Array(rows).fill(1),
): T {
  const { memory } = kernels;
  const start = memory.mark();
  const effects = uploadFloats(memory, values);
  const ofRows = uploadFloats(memory, parts);
  const [mean, error] = [0, 1].map(() => memory.allocate(Math.ceil(rows / ROWS_AT_ONCE) * ROWS_AT_ONCE * 8));

  function sumUp(...[{ rise, fall, lead, price }, strata]: Parameters<SumUp>): GainSummary {
    const mark = memory.mark();
    const responses = memory.allocate(owners * RESPONSE * 8);
    const table = memory.f64(responses, owners * RESPONSE);
    let at = 0;
    for (const members of strata) {
      for (const owner of members) {
        table[at++] = owner;
        // e · (rise where e > 0, else fall) = along · e + across · |e|: no processor guesses the way that a sign sends it.
        table[at++] = (rise[owner] + fall[owner]) / 2;
        table[at++] = (rise[owner] - fall[owner]) / 2;
        table[at++] = price[owner] / owners;
        table[at++] = -lead[owner];
        table[at++] = Math.max(0, -lead[owner]);
      }
    }
    kernels.sumUpGains({
      ...{ effects, parts: ofRows, rows, responses, mean, error },
      strata: uploadInts(
        memory,
        strata.map(({ length }) => length),
      ),
      ...{ strataCount: strata.length, ownerCount: owners },
    });
    memory.release(mark);
    return { mean: memory.f64(mean, rows).slice(), standardError: memory.f64(error, rows).slice() };
  }

  try {
    return use(sumUp);
  } finally {
    memory.release(start);
  }
}
