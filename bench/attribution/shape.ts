/** Owns the measurement of one pass over a model of random bits of a real model's shape: its time and its memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EffectUnit, EffectVisitor, Sequence } from '../../src/engine/engine.js';
import { openEngine } from '../../src/engine/open.js';
import { openFile } from '../../src/gguf/source.js';
import type { Random } from '../../src/search/random.js';
import { multiplyAdds, shapes, writeRandomModel } from '../random-model.js';

export interface ShapeRequest {
  readonly shape: keyof typeof shapes;
  readonly threads: number;
  /** How many sequences, of how many tokens each. */
  readonly sequences: number;
  readonly tokens: number;
  readonly unit: EffectUnit;
  readonly random: Random;
}

/** What one pass took. */
export interface ShapePass {
  readonly lines: readonly string[];
  /** GiB in use at the most, beyond those in use when the model was open. */
  readonly beyondGib: number;
}

/** Takes sequences of random tokens, the last third of each predicted, through the model and back. */
export async function measureShape({
  shape,
  threads,
  sequences,
  tokens,
  unit,
  random,
}: ShapeRequest): Promise<ShapePass> {
  const directory = mkdtempSync(join(tmpdir(), 'bankai-attribution-'));
  try {
    const path = join(directory, 'random.gguf');
    writeRandomModel(path, shapes[shape], 1);
    const engine = await openEngine(openFile(path), { threads });
    const loaded = process.resourceUsage().maxRSS;
    const drawn = Array.from({ length: sequences }, (): Sequence => ({
      tokens: Array.from({ length: tokens }, () => random.nextInt(engine.config.vocabulary)),
      from: tokens - Math.ceil(tokens / 3),
    }));
    const batch = engine.prepare(drawn);
    const start = performance.now();
    batch.keep();
    const kept = performance.now();
    let units = 0;
    let largest = 0;
    const [even, none] = [new Float64Array(sequences).fill(1), new Float64Array(sequences)];
    const response = { rise: even, fall: even, lead: none, price: none };
    const strata = [drawn.map((_, i) => i)];
    const visit: EffectVisitor = (effects) => {
      const { mean, standardError } = engine.withEffects(effects, (sumUp) => sumUp(response, strata));
      units += effects.rows;
      for (let row = 0; row < effects.rows; row++) largest = Math.max(largest, mean[row] - standardError[row]);
    };
    batch.visitAnswerEffects(Array(sequences).fill(1), { unit }, visit);
    const end = performance.now();
    const seconds = (end - start) / 1000;
    const beyondGib = (process.resourceUsage().maxRSS - loaded) / 2 ** 20;
    const rate = (multiplyAdds(shapes[shape]).body * batch.tokenCount) / 1e6 / (kept - start);
    const eight = (seconds * engine.threads) / 8;
    await engine.dispose();
    return {
      beyondGib,
      lines: [
        `${shape}: ${sequences} sequences of ${tokens} tokens, ${threads} threads`,
        `loaded: ${(loaded / 2 ** 20).toFixed(2)} GiB; beyond that, at the most: ${beyondGib.toFixed(2)} GiB`,
        `forward ${((kept - start) / 1000).toFixed(0)} s (${rate.toFixed(0)} billion multiply-adds a second), ` +
          `back ${((end - kept) / 1000).toFixed(0)} s; ${(batch.tokenCount / seconds).toFixed(1)} tokens a second in all`,
        `effects of ${units} ${unit}s of ${sequences} probes; best lower bound ${largest.toPrecision(3)}`,
        `8 cores as fast as these, were all of it to scale with them: ${eight.toFixed(0)} s (seconds here · threads / 8)`,
      ],
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
