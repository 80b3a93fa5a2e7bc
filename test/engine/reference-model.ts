/**
 * A second implementation of the Qwen3 graph, in float64 and nothing but loops, to hold the engine against. It can move the
 * output of one row by a part of what inverting the row would do, which no GGUF can say.
 */
import type { Sequence } from '../../src/engine/engine.js';
import { decodeHalf } from '../../src/gguf/half.js';
import type { Gguf } from '../../src/gguf/read.js';

/** Moves a row's output by `step` times what inverting the row does to it; a gate row's, what that does to the hidden unit. */
export interface Move {
  readonly tensor: string;
  readonly row: number;
  readonly step: number;
}

interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** (rows, columns) */
  readonly values: Float32Array;
}

export function createReferenceModel(gguf: Gguf, bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const size = (key: string): number => gguf.metadata.uint(`qwen3.${key}`);
  const layers = size('block_count');
  const [heads, kvHeads, headDim] = [
    size('attention.head_count'),
    size('attention.head_count_kv'),
    size('attention.key_length'),
  ];
  const ropeBase = gguf.metadata.float('qwen3.rope.freq_base');
  const epsilon = gguf.metadata.float('qwen3.attention.layer_norm_rms_epsilon');
  const matrices = new Map<string, Matrix>();

  function matrix(name: string): Matrix {
    const known = matrices.get(name);
    if (known) return known;
    const { dims, byteOffset } = gguf.tensor(name);
    const [columns, rows = 1] = dims;
    const values = Float32Array.from({ length: rows * columns }, (_, i) => {
      if (dims.length === 1) return view.getFloat32(byteOffset + 4 * i, true);
      const block = byteOffset + 18 * Math.floor(i / 128);
      const bit = (bytes[block + 2 + ((i % 128) >> 3)] >> (i & 7)) & 1;
      return (bit === 1 ? 1 : -1) * decodeHalf(view.getUint16(block, true));
    });
    matrices.set(name, { rows, columns, values });
    return matrix(name);
  }

  /** x (tokens, columns) → (tokens, rows), moved. */
  function multiply(name: string, x: Float64Array, move?: Move): Float64Array {
    const { rows, columns, values } = matrix(name);
    const tokens = x.length / columns;
    const out = new Float64Array(tokens * rows);
    for (let row = 0; row < rows; row++) {
      const factor = move?.tensor === name && move.row === row && !name.includes('ffn_gate') ? 1 - 2 * move.step : 1;
      for (let token = 0; token < tokens; token++) {
        // Four sums, none of which waits for another: rows are 128 features or a multiple of that.
        let [a, b, c, d] = [0, 0, 0, 0];
        for (let w = row * columns, end = w + columns, at = token * columns; w < end; w += 4, at += 4) {
          a += values[w] * x[at];
          b += values[w + 1] * x[at + 1];
          c += values[w + 2] * x[at + 2];
          d += values[w + 3] * x[at + 3];
        }
        out[token * rows + row] = factor * (a + b + (c + d));
      }
    }
    return out;
  }

  /** RMSNorm of each run of as many features as `name` has weights. */
  function norm(name: string, x: Float64Array): Float64Array {
    const { values, columns } = matrix(name);
    const out = new Float64Array(x.length);
    for (let first = 0; first < x.length; first += columns) {
      let squares = 0;
      for (let i = 0; i < columns; i++) squares += x[first + i] ** 2;
      const inverse = 1 / Math.sqrt(squares / columns + epsilon);
      for (let i = 0; i < columns; i++) out[first + i] = x[first + i] * inverse * values[i];
    }
    return out;
  }

  /** Turns heads (tokens, count · headDim) by their positions, halves against each other. */
  function rotate(x: Float64Array, count: number): Float64Array {
    const half = headDim / 2;
    const out = new Float64Array(x.length);
    for (let i = 0; i < x.length; i += headDim) {
      const position = Math.floor(i / (count * headDim));
      for (let f = 0; f < half; f++) {
        const angle = position * ropeBase ** (-f / half);
        const [a, b] = [x[i + f], x[i + half + f]];
        out[i + f] = a * Math.cos(angle) - b * Math.sin(angle);
        out[i + half + f] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
    return out;
  }

  function attend(q: Float64Array, k: Float64Array, v: Float64Array): Float64Array {
    const out = new Float64Array(q.length);
    const tokens = q.length / (heads * headDim);
    for (let token = 0; token < tokens; token++) {
      for (let head = 0; head < heads; head++) {
        const query = (token * heads + head) * headDim;
        const row = (past: number): number => (past * kvHeads + Math.floor((head * kvHeads) / heads)) * headDim;
        const weights = Array.from({ length: token + 1 }, (_, past) => {
          let score = 0;
          for (let f = 0; f < headDim; f++) score += q[query + f] * k[row(past) + f];
          return Math.exp(score / Math.sqrt(headDim));
        });
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        weights.forEach((weight, past) => {
          for (let f = 0; f < headDim; f++) out[query + f] += (weight / total) * v[row(past) + f];
        });
      }
    }
    return out;
  }

  const add = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + b[i]);

  function runLayer(layer: number, x: Float64Array, move?: Move): Float64Array {
    const name = (part: string): string => `blk.${layer}.${part}.weight`;
    const input = norm(name('attn_norm'), x);
    const q = rotate(norm(name('attn_q_norm'), multiply(name('attn_q'), input, move)), heads);
    const k = rotate(norm(name('attn_k_norm'), multiply(name('attn_k'), input, move)), kvHeads);
    const attended = attend(q, k, multiply(name('attn_v'), input, move));
    const middle = add(x, multiply(name('attn_output'), attended, move));
    const normed = norm(name('ffn_norm'), middle);
    const gate = multiply(name('ffn_gate'), normed);
    const up = multiply(name('ffn_up'), normed, move);
    const hidden = gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i]);
    if (move?.tensor === name('ffn_gate')) {
      const { rows } = matrix(move.tensor);
      for (let i = move.row; i < hidden.length; i += rows) hidden[i] -= move.step * gate[i] * up[i];
    }
    return add(middle, multiply(name('ffn_down'), hidden, move));
  }

  return {
    layers,
    /** The residual stream before each layer, and after the last: (tokens, width) each. */
    streams({ tokens }: Sequence): Float64Array[] {
      const { columns, values } = matrix('token_embd.weight');
      const read = tokens.slice(0, -1);
      const embedded = read.flatMap((id) => [...values.subarray(id * columns, (id + 1) * columns)]);
      const streams: Float64Array[] = [Float64Array.from(embedded)];
      for (let layer = 0; layer < layers; layer++) streams.push(runLayer(layer, streams[layer]));
      return streams;
    },
    /** log p of the sequence's predicted tokens, from the stream before `layer`; `move` is in that layer. */
    logProbability(sequence: Sequence, stream: Float64Array, layer: number, move?: Move): number {
      let x: Float64Array = stream;
      for (let at = layer; at < layers; at++) x = runLayer(at, x, move);
      const { columns } = matrix('output_norm.weight');
      const logits = multiply('output.weight', norm('output_norm.weight', x.slice((sequence.from - 1) * columns)));
      const { rows } = matrix('output.weight');
      return sequence.tokens.slice(sequence.from).reduce((sum, token, i) => {
        const own = logits.subarray(i * rows, (i + 1) * rows);
        return sum + own[token] - Math.log(own.reduce((total, logit) => total + Math.exp(logit), 0));
      }, 0);
    },
  };
}
