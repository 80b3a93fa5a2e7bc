/** Owns the hyperparameters of a Qwen3 dense model, read from GGUF metadata. */
import { CompatibilityError, FormatError } from '../errors.js';
import type { Metadata } from '../gguf/metadata.js';
import type { GgufTensor } from '../gguf/read.js';

/** Shapes and constants of the graph; every size comes from the file. */
export interface ModelConfig {
  layers: number;
  /** Embedding length: features of the residual stream. */
  width: number;
  /** Feed-forward length. */
  mlp: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  vocabulary: number;
  contextLength: number;
  epsilon: number;
  ropeBase: number;
  /** How the rotary embedding was stretched to a longer context, if it was. */
  ropeScaling?: RopeScaling;
}

/** The settings of YaRN (Peng et al. 2023, section 3). */
export interface RopeScaling {
  type: 'yarn';
  /** How many times longer than `originalContextLength` the context has become. */
  factor: number;
  originalContextLength: number;
}

/** What of a model file the configuration is read from. */
export interface ModelHeader {
  readonly metadata: Metadata;
  readonly tensors: readonly GgufTensor[];
}

/** No model in the wild comes near these; a header that exceeds them is damaged or hostile. */
const LARGEST = { layers: 1024, features: 1 << 20, heads: 4096, headDim: 4096, contextLength: 1 << 24 } as const;

/**
 * Reads the configuration of a `qwen3` model. Absent keys take llama.cpp's defaults: as many key heads as heads, head
 * dimension width / heads, rotary base 10,000. Throws ARCHITECTURE_UNSUPPORTED for another graph or rope scaling, and
 * GGUF_INVALID for sizes that no model can have.
 */
export function readConfig({ metadata, tensors }: ModelHeader): ModelConfig {
  assertQwen3(metadata);
  const size = (key: string, most: number) => within(`qwen3.${key}`, metadata.uint(`qwen3.${key}`), most);
  const sizeOr = (key: string, most: number, absent: number) =>
    metadata.has(`qwen3.${key}`) ? size(key, most) : within(`qwen3.${key}`, absent, most);
  const width = size('embedding_length', LARGEST.features);
  const heads = size('attention.head_count', LARGEST.heads);
  const headDim = sizeOr('attention.key_length', LARGEST.headDim, width / heads);
  const contextLength = size('context_length', LARGEST.contextLength);
  const config: ModelConfig = {
    layers: size('block_count', LARGEST.layers),
    width,
    mlp: size('feed_forward_length', LARGEST.features),
    heads,
    kvHeads: sizeOr('attention.head_count_kv', LARGEST.heads, heads),
    headDim,
    vocabulary: vocabularyOf(tensors),
    contextLength,
    epsilon: positive(metadata, 'qwen3.attention.layer_norm_rms_epsilon'),
    ropeBase: metadata.has('qwen3.rope.freq_base') ? positive(metadata, 'qwen3.rope.freq_base') : 10_000,
    ...ropeScalingOf(metadata, contextLength),
  };
  assertHeadsFit(config, sizeOr('attention.value_length', LARGEST.headDim, width / heads));
  return config;
}

function assertQwen3(metadata: Metadata): void {
  const architecture = metadata.text('general.architecture');
  if (architecture === 'qwen3') return;
  throw new CompatibilityError(
    'ARCHITECTURE_UNSUPPORTED',
    `Cannot evaluate a model of architecture "${architecture}": only "qwen3" (dense) can be run`,
    {
      hint: 'Use patches made elsewhere: the file can be patched as bytes, but not searched, tried or evaluated here.',
      data: { architecture },
    },
  );
}

/** Heads share keys evenly, rotary embedding turns pairs of features, and the kernels know one head dimension. */
function assertHeadsFit({ heads, kvHeads, headDim }: ModelConfig, valueDim: number): void {
  if (heads % kvHeads !== 0) {
    throw invalid(`${heads} attention heads do not share ${kvHeads} key heads evenly`, { heads, kvHeads });
  }
  if (headDim % 2 !== 0) throw invalid(`A head dimension of ${headDim} is odd, and must be even`, { headDim });
  if (valueDim !== headDim) {
    throw new CompatibilityError(
      'ARCHITECTURE_UNSUPPORTED',
      `Cannot evaluate a model whose values have ${valueDim} features a head and whose keys have ${headDim}`,
      { hint: 'Use a model whose attention.key_length and attention.value_length are equal.' },
    );
  }
}

function vocabularyOf(tensors: readonly GgufTensor[]): number {
  const embedding = tensors.find(({ name }) => name === 'token_embd.weight');
  const rows = embedding?.dims[1];
  if (rows === undefined) throw invalid('The model has no matrix token_embd.weight', {});
  return rows;
}

function ropeScalingOf(metadata: Metadata, contextLength: number): { ropeScaling?: RopeScaling } {
  const key = (name: string) => `qwen3.rope.scaling.${name}`;
  const type = metadata.has(key('type')) ? metadata.text(key('type')) : 'none';
  if (type === 'none') return {};
  if (type !== 'yarn') {
    throw new CompatibilityError(
      'ARCHITECTURE_UNSUPPORTED',
      `Cannot evaluate a model whose rotary embedding is scaled by "${type}": only "yarn" and "none" can be run`,
      { hint: 'Use a model without rope scaling.', data: { type } },
    );
  }
  const originalContextLength = metadata.has(key('original_context_length'))
    ? within(key('original_context_length'), metadata.uint(key('original_context_length')), LARGEST.contextLength)
    : contextLength;
  return { ropeScaling: { type, factor: positive(metadata, key('factor')), originalContextLength } };
}

function within(key: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw invalid(`The GGUF key "${key}" is ${value}, and must be an integer from 1 to ${most}`, { key, value });
}

function positive(metadata: Metadata, key: string): number {
  const value = metadata.float(key);
  if (Number.isFinite(value) && value > 0) return value;
  throw invalid(`The GGUF key "${key}" is ${value}, and must be a positive number`, { key });
}

function invalid(message: string, data: Record<string, unknown>): FormatError {
  return new FormatError('GGUF_INVALID', message, { hint: 'Download the model again, or convert it anew.', data });
}
