/** Owns one pass back through the model: a batch's kept streams, told apart by owner, layer after layer from the last. */
import { backThroughLayer, gradientOfStream, type LogitGradient } from './backward.js';
import { type EffectRequest, isAnyIn } from './effects.js';
import { type Graph, tileBytes } from './forward.js';
import { type Address, type BitMatrix, BLOCK_COLUMNS, type Kernels, LANES } from './kernels/kernels.js';
import type { OwnerLayout } from './owner-layout.js';
import type { StreamRunner, WorkCounter } from './stream-runner.js';
import { uploadInts, uploadTokens } from './upload.js';

/**
 * Runs the batch where its kept streams are stale, then takes the gradient back, down to the lowest layer in scope, and
 * hands out effects.
 */
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
  const lowest = lowestLayer(graph, request.scope);
  if (lowest === undefined) return;
  const counting = countingProducts(graph, work);
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
    for (let layer = config.layers - 1; layer >= lowest; layer--) {
      layOut(layer, before);
      const isFirst = layer === config.layers - 1 && predicting.length < tree.size;
      const course = { ...(isFirst && { moving }), isLowest: layer === lowest };
      backThroughLayer(counting, layer, batch, { before, after }, dx, all, course);
      [before, after] = [after, before];
    }
  });
}

/** The lowest layer of which a tensor is in scope. */
function lowestLayer({ weights }: Graph, scope: EffectRequest['scope']): number | undefined {
  const layers = [...weights.slots.values()].map(({ name, layer }) => (isAnyIn(scope, [name]) ? layer : undefined));
  return layers.filter((layer) => layer !== undefined).sort((a, b) => a - b)[0];
}

/** The graph, but that products of its matrices are counted as work: a token has one with each when it is evaluated. */
function countingProducts(graph: Graph, work: WorkCounter): Graph {
  const { kernels, multiply, weights } = graph;
  const sizeOf = ({ rows, columns }: BitMatrix): number => rows * columns;
  const sizes = weights.layers.flatMap(({ qkv, output, gateUp, down }) => [qkv, output, gateUp, down].map(sizeOf));
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  const count = (tiles: number, size: number): void => void (work.tokensEvaluated += (tiles * LANES * size) / whole);
  const counted =
    <Product extends { weights: BitMatrix; tiles: number }>(run: (product: Product) => void) =>
    (product: Product): void => {
      count(product.tiles, sizeOf(product.weights));
      run(product);
    };
  const matmulGroups: Kernels['matmulGroups'] = (product) => {
    count(product.tiles, product.weights.rows * BLOCK_COLUMNS * product.groups.count);
    kernels.matmulGroups(product);
  };
  const [matmul, matmulTransposed] = [counted(kernels.matmul), counted(kernels.matmulTransposed)];
  return { ...graph, kernels: { ...kernels, matmul, matmulGroups, matmulTransposed }, multiply: counted(multiply) };
}
