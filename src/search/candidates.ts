/** Owns where a search takes its next flip from. */
import type { Engine, PatchableTensor } from '../engine/engine.js';
import { UsageError } from '../errors.js';
import type { Flip } from '../patch/flip.js';
import type { Settings } from './fitness.js';
import type { Random } from './random.js';

/** A supply of flips to try. */
export interface CandidateSource {
  readonly name: string;
  readonly settings: Settings;
  /** How many different flips it can propose. */
  readonly size: number;
  /** Proposes a flip; one that was proposed before, or is in effect already, may come again. */
  next(random: Random): Flip;
}

/** The matrices of the MLP whose rows are proposed. */
export type RowProjection = 'ffn_gate' | 'ffn_up';

export interface RowCandidateSettings {
  /** Layers, counted from 0; `publishedLayers` unless given. */
  layers?: readonly number[];
  /** Gate and up rows unless given. */
  projections?: readonly RowProjection[];
}

/** The layers of the published search, 1–4 and the last but one; all layers of a model of fewer than twelve. */
export function publishedLayers(layerCount: number): number[] {
  if (layerCount < 12) return Array.from({ length: layerCount }, (_, layer) => layer);
  return [1, 2, 3, 4, layerCount - 2];
}

/**
 * Proposes rows with probability proportional to their mean |scale| over all the chosen matrices together: rows of large
 * scale move behaviour most. Throws USAGE for a layer that the model lacks.
 */
export function scaleWeightedRows(
  engine: Engine,
  { layers = publishedLayers(engine.config.layers), projections = ['ffn_gate', 'ffn_up'] }: RowCandidateSettings = {},
): CandidateSource {
  const tensors = layers.flatMap((layer) => projections.map((projection) => matrixOf(engine, layer, projection)));
  const rowCount = tensors.reduce((count, tensor) => count + tensor.rows, 0);
  // cumulative[i] is the weight of rows 0 … i, rows counted through all tensors.
  const cumulative = new Float64Array(rowCount);
  const firstRows: number[] = [];
  let filled = 0;
  let total = 0;
  let size = 0;
  for (const tensor of tensors) {
    firstRows.push(filled);
    for (const scale of meanScales(engine, tensor)) {
      total += scale;
      if (scale > 0) size++;
      cumulative[filled++] = total;
    }
  }
  if (size === 0) {
    throw new UsageError('USAGE', 'Cannot propose flips: the chosen layers have no row with a scale other than zero', {
      hint: 'Choose other layers.',
    });
  }
  return {
    name: 'scale-weighted-rows',
    settings: { layers, projections },
    size,
    next(random) {
      const position = firstAbove(cumulative, random.nextFloat() * total);
      const tensor = firstAbove(firstRows, position) - 1;
      return { kind: 'row', tensor: tensors[tensor].name, row: position - firstRows[tensor] };
    },
  };
}

/** Mean of |scale| over the groups of every row of a tensor: (rows). */
export function meanScales(engine: Engine, { name, rows }: PatchableTensor): Float64Array {
  const scales = engine.scales(name);
  const means = new Float64Array(rows);
  scales.forEach((scale, index) => (means[index % rows] += Math.abs(scale)));
  return means.map((sum) => (sum * rows) / scales.length);
}

function matrixOf(engine: Engine, layer: number, projection: RowProjection): PatchableTensor {
  const name = `blk.${layer}.${projection}.weight`;
  const tensor = engine.tensors.find((candidate) => candidate.name === name);
  if (tensor) return tensor;
  throw new UsageError(
    'USAGE',
    `Cannot search ${name}: the model has no such matrix (${engine.config.layers} layers)`,
    {
      hint: `Choose layers of 0 … ${engine.config.layers - 1}.`,
      data: { layer },
    },
  );
}

/** The index of the first of the ascending values that is greater than `value`; their number when none is. */
function firstAbove(values: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
