/** Owns one pass back through the model: a batch's kept streams, told apart by owner, layer after layer from the last. */
import { backThroughLayer, gradientOfStream, type LogitGradient } from './backward.js';
import type { EffectRequest } from './effects.js';
import { type Graph, tileBytes } from './forward.js';
import type { Address } from './kernels/kernels.js';
import type { OwnerLayout } from './owner-layout.js';
import type { StreamRunner, WorkCounter } from './stream-runner.js';
import { uploadInts, uploadTokens } from './upload.js';

/** What a pass back counts, in passes forward: layers computed again, and gradients of twice their products. */
const BACKWARD_WORK = 3;

/** Runs the batch where its kept streams are stale, then takes the gradient back and hands out effects. */
export function passBack(
  graph: Graph,
  runner: StreamRunner,
  layout: OwnerLayout,
  gradient: LogitGradient,
  request: Omit<EffectRequest, 'owners'>,
  work: WorkCounter,
): void {
  const { config, kernels } = graph;
  const { memory } = kernels;
  const { tree, sources, nodes, owners, count } = layout;
  runner.runKeeping((shared, sharedBatch, streams) => {
    const batch = sources ? uploadTokens(graph, tree, tree.paths()) : sharedBatch;
    const rows = sources && uploadInts(memory, sources);
    const stream = (): Address => memory.allocate(tileBytes(tree.size, config.width));
    /** Lays the residual stream at a stage out for the owners. */
    const layOut = (stage: number, out: Address): Address => {
      const all = memory.f32(rows === undefined ? out : shared, streams[stage].length);
      all.set(streams[stage]);
      if (rows === undefined) return out;
      kernels.gather({ x: shared, rows, rowCount: tree.size, out, features: config.width });
      return out;
    };
    let [before, after] = [stream(), layOut(config.layers, stream())];
    const dx = gradientOfStream(graph, after, tree.size, uploadInts(memory, nodes), nodes.length, gradient);
    const all = { ...request, owners: { ofToken: uploadInts(memory, owners), count, tokenCount: tree.size } };
    const predicting = [...nodes].sort((a, b) => a - b);
    const ofPredicting = uploadInts(
      memory,
      predicting.map((node) => owners[node]),
    );
    // After the last layer only what predicts has a gradient.
    const moving = {
      rows: uploadInts(memory, predicting),
      owners: { ofToken: ofPredicting, count, tokenCount: predicting.length },
    };
    for (let layer = config.layers - 1; layer >= 0; layer--) {
      layOut(layer, before);
      const some = layer === config.layers - 1 && predicting.length < tree.size ? moving : undefined;
      backThroughLayer(graph, layer, batch, { before, after }, dx, all, some);
      [before, after] = [after, before];
    }
  });
  work.tokensEvaluated += BACKWARD_WORK * tree.size;
}
