/** Owns the model's parameters in kernel memory: loading them from a GGUF and flipping their bits. */
import { CompatibilityError } from '../errors.js';
import type { Flip } from '../patch/flip.js';
import { decodeHalf, encodeHalf } from '../gguf/half.js';
import { BLOCK_BYTES, rowCount } from '../gguf/q1-0.js';
import type { Gguf, GgufTensor } from '../gguf/read.js';
import type { ByteSource } from '../gguf/source.js';
import type { ModelConfig } from './config.js';
import type { PatchableTensor } from './engine.js';
import { type Address, BLOCK_COLUMNS, type BitMatrix, type Kernels } from './kernels/kernels.js';

/** One layer's parameters. Shapes are (rows, columns); norms are f32 vectors. */
export interface LayerWeights {
  attentionNorm: Address; // (width)
  qkv: BitMatrix; // q | k | v: ((heads + 2·kvHeads)·headDim, width)
  queryNorm: Address; // (headDim)
  keyNorm: Address; // (headDim)
  output: BitMatrix; // (width, heads·headDim)
  mlpNorm: Address; // (width)
  gateUp: BitMatrix; // gate | up: (2·mlp, width)
  down: BitMatrix; // (width, mlp)
}

/** Where a GGUF tensor lies within a (possibly stacked) matrix. */
interface Slot extends PatchableTensor {
  matrix: BitMatrix;
  firstRow: number;
  /** Stage of the graph that reads it: 0 embeddings, 1 + L layer L, layers + 1 the head. Tied embeddings are stage 0. */
  stage: number;
}

export interface Weights {
  embedding: BitMatrix; // (vocabulary, width)
  layers: LayerWeights[];
  outputNorm: Address; // (width)
  head: BitMatrix; // (vocabulary, width); the embedding itself where the model ties them
  slots: ReadonlyMap<string, Slot>;
  /**
   * A 64-bit fingerprint of the flips now applied to each stage, as two 32-bit halves: (2·(layers + 2)). Equal
   * fingerprints mean equal weights, whatever the order in which flips came and went.
   */
  fingerprints: Uint32Array;
}

/** Raw bytes read at a time while loading. */
const CHUNK_BYTES = 4 << 20;

/** Loads all parameters of a Qwen3 model. Throws TENSOR_UNKNOWN, TENSOR_TYPE or GGUF_INVALID for a file that does not fit. */
export function loadWeights(kernels: Kernels, gguf: Gguf, source: ByteSource, config: ModelConfig): Weights {
  const slots = new Map<string, Slot>();
  const { width, mlp, headDim, vocabulary } = config;
  const heads = config.heads * headDim;
  const kvHeads = config.kvHeads * headDim;

  const matrix = (
    stage: number,
    columns: number,
    parts: readonly (readonly [name: string, rows: number])[],
  ): BitMatrix => {
    const rows = parts.reduce((sum, [, count]) => sum + count, 0);
    const blocks = columns / BLOCK_COLUMNS;
    const { memory } = kernels;
    const weights: BitMatrix = {
      bits: memory.allocate(blocks * rows * (BLOCK_COLUMNS / 8)),
      scales: memory.allocate(blocks * rows * 4),
      rows,
      columns,
    };
    let firstRow = 0;
    for (const [name, count] of parts) {
      const tensor = gguf.tensor(`${name}.weight`);
      assertShape(tensor, 'Q1_0', [columns, count]);
      loadRows(kernels, source, tensor, weights, firstRow);
      const layer = name.startsWith('blk.') ? stage - 1 : undefined;
      slots.set(tensor.name, { name: tensor.name, layer, rows: count, columns, matrix: weights, firstRow, stage });
      firstRow += count;
    }
    return weights;
  };
  const vector = (name: string, length: number): Address => {
    const tensor = gguf.tensor(`${name}.weight`);
    assertShape(tensor, 'F32', [length]);
    const address = kernels.memory.allocate(length * 4);
    source.readInto(kernels.memory.u8(address, length * 4), tensor.byteOffset);
    return address;
  };

  const embedding = matrix(0, width, [['token_embd', vocabulary]]);
  const layers = Array.from({ length: config.layers }, (_, layer): LayerWeights => {
    const stage = layer + 1;
    const at = `blk.${layer}`;
    return {
      attentionNorm: vector(`${at}.attn_norm`, width),
      qkv: matrix(stage, width, [
        [`${at}.attn_q`, heads],
        [`${at}.attn_k`, kvHeads],
        [`${at}.attn_v`, kvHeads],
      ]),
      queryNorm: vector(`${at}.attn_q_norm`, headDim),
      keyNorm: vector(`${at}.attn_k_norm`, headDim),
      output: matrix(stage, heads, [[`${at}.attn_output`, width]]),
      mlpNorm: vector(`${at}.ffn_norm`, width),
      gateUp: matrix(stage, width, [
        [`${at}.ffn_gate`, mlp],
        [`${at}.ffn_up`, mlp],
      ]),
      down: matrix(stage, mlp, [[`${at}.ffn_down`, width]]),
    };
  });
  const outputNorm = vector('output_norm', width);
  const tied = !gguf.tensors.some((tensor) => tensor.name === 'output.weight');
  const head = tied ? embedding : matrix(config.layers + 1, width, [['output', vocabulary]]);
  return { embedding, layers, outputNorm, head, slots, fingerprints: new Uint32Array(2 * (config.layers + 2)) };
}

function assertShape(tensor: GgufTensor, type: string, dims: readonly number[]): void {
  if (tensor.type !== type) {
    throw new CompatibilityError(
      'TENSOR_TYPE',
      `Tensor ${tensor.name} has type ${tensor.type}; the engine needs ${type}`,
      {
        hint: 'Use a model whose every matrix is Q1_0 and whose norms are F32.',
      },
    );
  }
  const fits = tensor.dims.length === dims.length && dims.every((dim, i) => dim === tensor.dims[i]);
  if (!fits) {
    throw new CompatibilityError(
      'TENSOR_TYPE',
      `Tensor ${tensor.name} has shape [${tensor.dims.join(', ')}]; the model's metadata asks for [${dims.join(', ')}]`,
      { hint: 'The file contradicts itself: download or convert the model again.' },
    );
  }
}

function loadRows(
  kernels: Kernels,
  source: ByteSource,
  tensor: GgufTensor,
  weights: BitMatrix,
  firstRow: number,
): void {
  const rowBytes = (weights.columns / BLOCK_COLUMNS) * BLOCK_BYTES;
  const chunkRows = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes));
  const { memory } = kernels;
  const mark = memory.mark();
  const raw = memory.allocate(Math.min(chunkRows, rowCount(tensor)) * rowBytes);
  for (let row = 0; row < rowCount(tensor); row += chunkRows) {
    const count = Math.min(chunkRows, rowCount(tensor) - row);
    source.readInto(memory.u8(raw, count * rowBytes), tensor.byteOffset + row * rowBytes);
    kernels.regroup({ raw, weights, firstRow: firstRow + row, rowCount: count });
  }
  memory.release(mark);
}

/**
 * Inverts the flips' bits in memory. All flips are checked before the first bit changes.
 * Throws TENSOR_UNKNOWN and ROW_OUT_OF_RANGE.
 */
export function toggleFlips(kernels: Kernels, weights: Weights, flips: Iterable<Flip>): void {
  const checked = [...flips].map((flip) => ({ flip, slot: slotOf(weights, flip) }));
  for (const { flip, slot } of checked) {
    if (flip.kind === 'scale-bit') toggleScaleBit(kernels, slot, flip.row, flip.group, flip.bit);
    else if (flip.kind === 'group') toggleGroup(kernels, slot, flip.row, flip.group);
    else for (let group = 0; group < slot.columns / BLOCK_COLUMNS; group++) toggleGroup(kernels, slot, flip.row, group);
    const [low, high] = fingerprint(flip);
    weights.fingerprints[2 * slot.stage] ^= low;
    weights.fingerprints[2 * slot.stage + 1] ^= high;
  }
}

function slotOf(weights: Weights, flip: Flip): Slot {
  const slot = weights.slots.get(flip.tensor);
  if (!slot) {
    throw new CompatibilityError('TENSOR_UNKNOWN', `The model has no one-bit tensor ${flip.tensor}`, {
      hint: 'The patch belongs to another model.',
    });
  }
  const groups = slot.columns / BLOCK_COLUMNS;
  const group = flip.kind === 'row' ? 0 : flip.group;
  if (flip.row >= slot.rows || group >= groups) {
    const unit = flip.row >= slot.rows ? `row ${flip.row}` : `group ${group} of row ${flip.row}`;
    throw new CompatibilityError(
      'ROW_OUT_OF_RANGE',
      `Cannot flip ${unit}: it is outside ${flip.tensor} (${slot.rows} rows of ${groups} groups)`,
      { hint: 'The patch belongs to another model.' },
    );
  }
  return slot;
}

function toggleGroup(kernels: Kernels, { matrix, firstRow }: Slot, row: number, group: number): void {
  const words = kernels.memory.i32(matrix.bits + (group * matrix.rows + firstRow + row) * (BLOCK_COLUMNS / 8), 4);
  for (let i = 0; i < 4; i++) words[i] = ~words[i];
}

function toggleScaleBit(kernels: Kernels, { matrix, firstRow }: Slot, row: number, group: number, bit: number): void {
  const scale = kernels.memory.f32(matrix.scales + (group * matrix.rows + firstRow + row) * 4, 1);
  scale[0] = withBitInverted(scale[0], bit);
}

/** Two independent 32-bit FNV-1a hashes of a flip. */
function fingerprint(flip: Flip): [low: number, high: number] {
  const text = [
    flip.kind,
    flip.tensor,
    flip.row,
    'group' in flip ? flip.group : '',
    'bit' in flip ? flip.bit : '',
  ].join(' ');
  const hash = (seed: number): number => {
    let value = seed;
    for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
    return Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) >>> 0;
  };
  return [hash(0x811c9dc5), hash(0x2545f491)];
}

/** Copies the scales of a tensor, each with a bit inverted if one is named: (groups of a row, rows). Throws TENSOR_UNKNOWN. */
export function scalesOf(kernels: Kernels, weights: Weights, tensor: string, invertedBit?: number): Float32Array {
  const { matrix, firstRow, rows, columns } = slotOf(weights, { kind: 'row', tensor, row: 0 });
  const groups = columns / BLOCK_COLUMNS;
  const all = kernels.memory.f32(matrix.scales, groups * matrix.rows);
  const scales = new Float32Array(groups * rows);
  for (let group = 0; group < groups; group++) {
    const first = group * matrix.rows + firstRow;
    scales.set(all.subarray(first, first + rows), group * rows);
  }
  return invertedBit === undefined ? scales : scales.map((scale) => withBitInverted(scale, invertedBit));
}

function withBitInverted(scale: number, bit: number): number {
  return decodeHalf(encodeHalf(scale) ^ (1 << bit));
}
