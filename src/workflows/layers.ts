/** Owns `bankai layers`: how much a behaviour hangs on each layer. */
import type { Engine } from '../engine/engine.js';
import type { Flip } from '../patch/flip.js';
import { answerSequence } from '../search/sequences.js';
import { nextTurn } from '../search/event-loop.js';
import { parseProbes } from '../search/probes.js';
import { SearchError } from '../errors.js';
import type { ProbeFile } from './commit.js';
import { withEngine } from './engine.js';
import { loadStack } from './stack.js';
import { openWorkspace } from './workspace.js';

export interface LayersRequest {
  readonly stack: string;
  readonly probes: ProbeFile;
  readonly threads: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Measures, for each layer, how the mean log-probability of the correct answers changes when every bit of its MLP (gate,
 * up and down) is inverted. Throws PROBES_INVALID, UNKNOWN_REVISION, INTERRUPTED.
 */
export async function layers(directory: string, request: LayersRequest) {
  const set = parseProbes(request.probes.bytes, request.probes.name);
  const workspace = await openWorkspace(directory);
  const { mask } = await loadStack(workspace.repository, request.stack);
  return withEngine(workspace, request.threads, async ({ engine, hold }) => {
    hold(mask);
    const batch = engine.prepare(
      set.probes.map(({ prompt, correct }) => answerSequence(engine.tokenizer, prompt, correct)),
    );
    const score = (): number => {
      const perProbe = batch.logProbabilities().map((values) => values.reduce((sum, value) => sum + value, 0));
      return perProbe.reduce((sum, value) => sum + value, 0) / perProbe.length;
    };
    const before = score();
    batch.keep();
    const impacts: { layer: number; impact: number }[] = [];
    for (let layer = 0; layer < engine.config.layers; layer++) {
      await nextTurn();
      if (request.signal?.aborted) {
        throw new SearchError('INTERRUPTED', `Interrupted after ${layer} of ${engine.config.layers} layers`, {
          hint: 'Run it again to get the whole picture.',
        });
      }
      const inverted = mlpFlips(engine, layer);
      engine.toggle(inverted);
      impacts.push({ layer, impact: score() - before });
      engine.toggle(inverted);
      request.onProgress?.(layer + 1, engine.config.layers);
    }
    batch.dispose();
    return { probes: { name: set.name, count: set.probes.length }, layers: impacts };
  });
}

function mlpFlips(engine: Engine, layer: number): Flip[] {
  return engine.tensors
    .filter((tensor) => tensor.layer === layer && /\.ffn_(gate|up|down)\.weight$/.test(tensor.name))
    .flatMap(({ name, rows }) => Array.from({ length: rows }, (_, row): Flip => ({ kind: 'row', tensor: name, row })));
}
