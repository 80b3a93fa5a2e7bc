/** Owns texts: reading them from a file, and how well a model predicts them before and after a change. */
import type { Engine, Sequence } from '../engine/engine.js';
import type { Tokenizer } from '../engine/tokenizer.js';
import { FormatError, SearchError } from '../errors.js';
import type { Flip } from '../patch/flip.js';
import { sha256Hex } from '../patch/ids.js';
import { nextTurn } from './event-loop.js';

/** The documents of one text file (docs/FORMAT.md, "Evaluation: what was measured"). */
export interface TextSet {
  /** What people call it, as a rule its file's name. */
  readonly name: string;
  /** SHA-256 of the file's bytes, in hex. */
  readonly sha256: string;
  readonly documents: readonly string[];
}

/** How well a text is predicted with two states of a model: plain data. */
export interface TextComparison {
  /** Tokens predicted. */
  readonly tokens: number;
  /** exp of the mean negative log-probability of a token. */
  readonly perplexityBefore: number;
  readonly perplexityAfter: number;
  /** Mean over the tokens of KL(before ‖ after), in nats. */
  readonly divergence: number;
}

export interface TextOptions {
  /** Told after every batch how many tokens are predicted, in both states. */
  readonly onProgress?: (progress: { predicted: number; total: number }) => void;
  readonly signal?: AbortSignal;
}

/** The longest text file that is read, in bytes. */
export const TEXT_FILE_LIMIT = 16 * 2 ** 20;

/** Tokens of the longest part of a document that is predicted as one: what perplexities are usually measured with. */
const WINDOW = 512;

/** Bytes that the distributions of one batch may take. */
const LOGIT_BYTES = 128 << 20;

/** Parses a text file: UTF-8, documents between empty lines. `name` is the set's name. Throws TEXT_INVALID. */
export function parseText(bytes: Uint8Array, name: string): TextSet {
  if (bytes.length > TEXT_FILE_LIMIT) throw invalid(name, `it has ${bytes.length} bytes (limit ${TEXT_FILE_LIMIT})`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalid(name, 'it is not valid UTF-8', cause);
  }
  const documents = text
    .split(/\r?\n(?:[ \t]*\r?\n)+/)
    .map((document) => document.replace(/^[\r\n]+|[\r\n]+$/g, ''))
    .filter((document) => document !== '');
  if (documents.length === 0) throw invalid(name, 'there is nothing in it');
  return { name, sha256: sha256Hex(bytes), documents };
}

/**
 * Measures how well a text is predicted with the weights as they are, and with the flips inverted; the engine is left as it
 * was found. Gives control back between batches. Throws TEXT_INVALID when no document has two tokens, INTERRUPTED.
 */
export async function measureText(
  engine: Engine,
  text: TextSet,
  flips: readonly Flip[],
  { onProgress, signal }: TextOptions = {},
): Promise<TextComparison> {
  const sequences = text.documents.flatMap((document) =>
    windows(engine.tokenizer, document, engine.config.contextLength),
  );
  const total = sequences.reduce((sum, { tokens }) => sum + tokens.length - 1, 0);
  if (total === 0) throw invalid(text.name, 'none of its documents has two tokens');
  const sums = { before: 0, after: 0, divergence: 0 };
  let predicted = 0;
  for (const batch of batches(sequences, engine.config.vocabulary)) {
    await nextTurn();
    if (signal?.aborted) throw interrupted(predicted, total);
    const compared = compareBatch(engine, batch, flips);
    sums.before += compared.before;
    sums.after += compared.after;
    sums.divergence += compared.divergence;
    predicted += compared.tokens;
    onProgress?.({ predicted, total });
  }
  return {
    tokens: total,
    perplexityBefore: perplexity(sums.before / total),
    perplexityAfter: perplexity(sums.after / total),
    // In float32 the divergence of equal distributions may come out a hair below its true bound.
    divergence: Math.max(0, sums.divergence / total),
  };
}

/** Of a mean log-probability; never infinite, however broken the model. */
const perplexity = (mean: number): number => Math.min(Number.MAX_VALUE, Math.exp(-mean));

/** The parts of a document that are predicted, each from its own first token on. */
function windows(tokenizer: Tokenizer, document: string, contextLength: number): Sequence[] {
  const tokens = tokenizer.encode(document);
  const length = Math.min(WINDOW, contextLength);
  const count = Math.ceil(tokens.length / length);
  const parts = Array.from({ length: count }, (_, i) => tokens.slice(i * length, (i + 1) * length));
  return parts.filter((part) => part.length > 1).map((part) => ({ tokens: part, from: 1 }));
}

/** Cuts sequences into batches whose distributions fit into memory. */
function* batches(sequences: readonly Sequence[], vocabulary: number): Generator<readonly Sequence[]> {
  const most = LOGIT_BYTES / (4 * vocabulary);
  let batch: Sequence[] = [];
  let tokens = 0;
  for (const sequence of sequences) {
    if (batch.length > 0 && tokens + sequence.tokens.length > most) {
      yield batch;
      [batch, tokens] = [[], 0];
    }
    batch.push(sequence);
    tokens += sequence.tokens.length;
  }
  if (batch.length > 0) yield batch;
}

function compareBatch(engine: Engine, sequences: readonly Sequence[], flips: readonly Flip[]) {
  const batch = engine.prepare(sequences);
  try {
    const before = sumOf(batch.logProbabilities());
    batch.setReference();
    engine.toggle(flips);
    try {
      const after = sumOf(batch.logProbabilities());
      const divergence = sumOf(batch.divergence());
      return { before, after, divergence, tokens: sequences.reduce((sum, { tokens }) => sum + tokens.length - 1, 0) };
    } finally {
      engine.toggle(flips);
    }
  } finally {
    batch.dispose();
  }
}

/** The sum in index order, in float64, so that it is the same everywhere. */
function sumOf(rows: readonly Float32Array[]): number {
  let sum = 0;
  for (const row of rows) for (const value of row) sum += value;
  return sum;
}

function interrupted(predicted: number, total: number): SearchError {
  return new SearchError('INTERRUPTED', `Evaluation was interrupted after ${predicted} of ${total} tokens of text`, {
    hint: 'Run it again to get the numbers: an evaluation of a part of a text is not reported.',
    data: { predicted, total },
  });
}

function invalid(name: string, fact: string, cause?: unknown): FormatError {
  return new FormatError('TEXT_INVALID', `Cannot read text "${name}": ${fact}`, {
    hint: 'Give a UTF-8 file of ordinary text, with an empty line between documents.',
    data: { name },
    ...(cause !== undefined && { cause }),
  });
}
