/** Owns models of random bits: GGUF files of any Qwen3 shape, to measure speed where real weights are not at hand. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { encodeHalf } from '../src/gguf/half.js';

/** Sizes of a Qwen3 dense graph. */
export interface ModelShape {
  readonly layers: number;
  readonly width: number;
  readonly mlp: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** At least 257: one token per byte and the end of text. */
  readonly vocabulary: number;
  /** Whether the head is the embedding matrix, so that the file has no `output.weight`. */
  readonly tied: boolean;
}

/** Shapes of the Bonsai models, and one small enough for tests. */
export const shapes = {
  '1.7B': { layers: 28, width: 2048, mlp: 6144, heads: 16, kvHeads: 8, headDim: 128, vocabulary: 151936, tied: true },
  '4B': { layers: 36, width: 2560, mlp: 9728, heads: 32, kvHeads: 8, headDim: 128, vocabulary: 151936, tied: true },
  '8B': { layers: 36, width: 4096, mlp: 12288, heads: 32, kvHeads: 8, headDim: 128, vocabulary: 151936, tied: false },
  tiny: { layers: 2, width: 256, mlp: 512, heads: 4, kvHeads: 2, headDim: 64, vocabulary: 320, tied: true },
} as const satisfies Record<string, ModelShape>;

const ALIGNMENT = 32;
const BLOCK_WEIGHTS = 128;
const BLOCK_BYTES = 18;
const BLOCKS_PER_CHUNK = 1 << 16;

/** A tensor to be written; `columns` is the fastest dimension, `rows` is 1 for a vector of F32. */
interface TensorPlan {
  readonly name: string;
  readonly columns: number;
  readonly rows: number;
  readonly byteLength: number;
}

/** Multiply-adds of one token with the one-bit matrices: those of the layers, and those of the head. */
export function multiplyAdds(shape: ModelShape): { body: number; head: number } {
  const layer = planLayer(shape, 0).reduce((sum, { rows, columns }) => sum + (rows > 1 ? rows * columns : 0), 0);
  return { body: shape.layers * layer, head: shape.vocabulary * shape.width };
}

/**
 * Writes a Qwen3 GGUF whose one-bit matrices are random and whose norms are 1, with a byte-level tokenizer of made-up
 * tokens. The same shape and seed always give the same file; data is streamed, so memory stays at a few MB.
 */
export function writeRandomModel(path: string, shape: ModelShape, seed: number): void {
  const tensors = planTensors(shape);
  const file = openSync(path, 'w');
  try {
    writeFully(file, encodeHeader(shape, tensors));
    const random = randomWords(seed);
    for (const tensor of tensors) {
      if (tensor.rows === 1) writeFully(file, new Uint8Array(new Float32Array(tensor.columns).fill(1).buffer));
      else writeBlocks(file, tensor, random);
      writeFully(file, new Uint8Array(align(tensor.byteLength) - tensor.byteLength));
    }
  } finally {
    closeSync(file);
  }
}

function planLayer(shape: ModelShape, layer: number): TensorPlan[] {
  const { width, mlp, headDim } = shape;
  const queryWidth = shape.heads * headDim;
  const keyWidth = shape.kvHeads * headDim;
  const name = (part: string) => `blk.${layer}.${part}.weight`;
  return [
    vector(name('attn_norm'), width),
    matrix(name('attn_q'), width, queryWidth),
    matrix(name('attn_k'), width, keyWidth),
    matrix(name('attn_v'), width, keyWidth),
    vector(name('attn_q_norm'), headDim),
    vector(name('attn_k_norm'), headDim),
    matrix(name('attn_output'), queryWidth, width),
    vector(name('ffn_norm'), width),
    matrix(name('ffn_gate'), width, mlp),
    matrix(name('ffn_up'), width, mlp),
    matrix(name('ffn_down'), mlp, width),
  ];
}

function planTensors(shape: ModelShape): TensorPlan[] {
  return [
    matrix('token_embd.weight', shape.width, shape.vocabulary),
    ...Array.from({ length: shape.layers }, (_, layer) => planLayer(shape, layer)).flat(),
    vector('output_norm.weight', shape.width),
    ...(shape.tied ? [] : [matrix('output.weight', shape.width, shape.vocabulary)]),
  ];
}

function vector(name: string, columns: number): TensorPlan {
  return { name, columns, rows: 1, byteLength: columns * 4 };
}

function matrix(name: string, columns: number, rows: number): TensorPlan {
  return { name, columns, rows, byteLength: rows * (columns / BLOCK_WEIGHTS) * BLOCK_BYTES };
}

/** Writes Q1_0 blocks of random bits; scales lie within half of 1/√columns, so that activations keep their size. */
function writeBlocks(file: number, tensor: TensorPlan, random: () => number): void {
  const blocks = tensor.byteLength / BLOCK_BYTES;
  const words = new Uint32Array((BLOCKS_PER_CHUNK * BLOCK_BYTES) / 4);
  const halves = new Uint16Array(words.buffer);
  const scales = Uint16Array.from({ length: 256 }, (_, i) => encodeHalf((0.5 + i / 256) / Math.sqrt(tensor.columns)));
  for (let done = 0; done < blocks; done += BLOCKS_PER_CHUNK) {
    for (let i = 0; i < words.length; i++) words[i] = random();
    for (let half = 0; half < halves.length; half += BLOCK_BYTES / 2) halves[half] = scales[halves[half] & 255];
    const count = Math.min(BLOCKS_PER_CHUNK, blocks - done);
    writeFully(file, new Uint8Array(words.buffer, 0, count * BLOCK_BYTES));
  }
}

/** Marsaglia's xorshift with 32 bits of state: quick, and random enough for weights that mean nothing. */
function randomWords(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}

const TYPE = { uint32: 4, float32: 6, bool: 7, text: 8, array: 9, int32: 5, f32: 0, q1_0: 41 };

function encodeHeader(shape: ModelShape, tensors: readonly TensorPlan[]): Uint8Array {
  const tokenizer = syntheticTokenizer(shape.vocabulary);
  const uint = (key: string, value: number) => [text(key), u32(TYPE.uint32), u32(value)];
  const float = (key: string, value: number) => [text(key), u32(TYPE.float32), f32(value)];
  const word = (key: string, value: string) => [text(key), u32(TYPE.text), text(value)];
  const texts = (key: string, values: readonly string[]) => [
    ...[text(key), u32(TYPE.array), u32(TYPE.text), u64(values.length)],
    ...values.map(text),
  ];
  const entries = [
    word('general.architecture', 'qwen3'),
    word('general.name', 'Random bits'),
    uint('general.file_type', 40),
    uint('qwen3.block_count', shape.layers),
    uint('qwen3.context_length', 4096),
    uint('qwen3.embedding_length', shape.width),
    uint('qwen3.feed_forward_length', shape.mlp),
    uint('qwen3.attention.head_count', shape.heads),
    uint('qwen3.attention.head_count_kv', shape.kvHeads),
    uint('qwen3.attention.key_length', shape.headDim),
    uint('qwen3.attention.value_length', shape.headDim),
    float('qwen3.attention.layer_norm_rms_epsilon', 1e-6),
    float('qwen3.rope.freq_base', 1e6),
    word('tokenizer.ggml.model', 'gpt2'),
    word('tokenizer.ggml.pre', 'qwen2'),
    texts('tokenizer.ggml.tokens', tokenizer.tokens),
    [text('tokenizer.ggml.token_type'), u32(TYPE.array), u32(TYPE.int32), u64(shape.vocabulary)].concat(
      Array.from({ length: shape.vocabulary }, (_, id) => u32(id === shape.vocabulary - 1 ? 3 : 1)),
    ),
    texts('tokenizer.ggml.merges', tokenizer.merges),
    uint('tokenizer.ggml.eos_token_id', shape.vocabulary - 1),
    [text('tokenizer.ggml.add_bos_token'), u32(TYPE.bool), Buffer.from([0])],
  ];
  let offset = 0;
  const table = tensors.map(({ name, columns, rows, byteLength }) => {
    const dims = rows === 1 ? [u32(1), u64(columns)] : [u32(2), u64(columns), u64(rows)];
    const entry = [text(name), ...dims, u32(rows === 1 ? TYPE.f32 : TYPE.q1_0), u64(offset)];
    offset += align(byteLength);
    return entry;
  });
  const counts = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length)];
  const header = Buffer.concat([...counts, ...entries.flat(), ...table.flat()]);
  return Buffer.concat([header, Buffer.alloc(align(header.length) - header.length)]);
}

/** A byte-level vocabulary: 256 bytes, then two of them merged, then three, and `<|endoftext|>` as the last token. */
function syntheticTokenizer(vocabulary: number): { tokens: string[]; merges: string[] } {
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let unprintable = 256;
  const tokens = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : unprintable++));
  const merges: string[] = [];
  for (let i = 0; tokens.length < vocabulary - 1; i++) {
    const [left, right] = [tokens[i >> 8], tokens[i & 255]];
    tokens.push(left + right);
    merges.push(`${left} ${right}`);
  }
  return { tokens: [...tokens, '<|endoftext|>'], merges };
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function align(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function writeFully(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}
