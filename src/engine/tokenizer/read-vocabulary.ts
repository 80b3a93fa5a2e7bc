/** Owns the reading of a vocabulary from GGUF metadata, which may be damaged or hostile. */
import { CompatibilityError, FormatError } from '../../errors.js';
import type { Metadata } from '../../gguf/metadata.js';

/** A byte-level BPE vocabulary as the file has it. */
export interface Vocabulary {
  /** Spelt in GPT-2's byte alphabet, except control and user-defined tokens, which are plain text. By id. */
  readonly tokens: readonly string[];
  /** `left right`, the most important first. */
  readonly merges: readonly string[];
  /** llama.cpp's kind of each token, by id. */
  readonly kinds: readonly number[];
  readonly endOfText: number | undefined;
  /** The token to put before every text, if the model wants one. */
  readonly beginOfText: number | undefined;
}

/** Kinds of tokens that matter here (llama.cpp's `llama_token_type`). */
export const NORMAL = 1;
export const CONTROL = 3;
export const USER_DEFINED = 4;

/**
 * Reads the vocabulary of a byte-level BPE tokenizer. Throws TOKENIZER_UNSUPPORTED for another algorithm or another
 * pre-tokenizer than `qwen2`, and GGUF_INVALID for arrays that do not fit each other.
 */
export function readVocabulary(metadata: Metadata): Vocabulary {
  assertText(metadata, 'tokenizer.ggml.model', 'gpt2');
  assertText(metadata, 'tokenizer.ggml.pre', 'qwen2');
  const tokens = metadata.texts('tokenizer.ggml.tokens');
  const kinds = metadata.has('tokenizer.ggml.token_type')
    ? metadata.ints('tokenizer.ggml.token_type')
    : tokens.map(() => NORMAL);
  if (kinds.length !== tokens.length) {
    throw invalid(`tokenizer.ggml.token_type has ${kinds.length} entries for ${tokens.length} tokens`);
  }
  const id = (key: string) => (metadata.has(key) ? tokenId(metadata, key, tokens.length) : undefined);
  const wantsBegin = metadata.has('tokenizer.ggml.add_bos_token') && metadata.flag('tokenizer.ggml.add_bos_token');
  const beginOfText = wantsBegin ? id('tokenizer.ggml.bos_token_id') : undefined;
  if (wantsBegin && beginOfText === undefined) {
    throw invalid('tokenizer.ggml.add_bos_token is set, and tokenizer.ggml.bos_token_id is absent');
  }
  const merges = metadata.texts('tokenizer.ggml.merges');
  return { tokens, merges, kinds, endOfText: id('tokenizer.ggml.eos_token_id'), beginOfText };
}

/** Makes the error of a vocabulary that contradicts itself. */
export function invalid(message: string): FormatError {
  return new FormatError('GGUF_INVALID', `The tokenizer of the model is damaged: ${message}`, {
    hint: 'Download the model again, or convert it anew.',
  });
}

function assertText(metadata: Metadata, key: string, wanted: string): void {
  const found = metadata.has(key) ? metadata.text(key) : 'absent';
  if (found === wanted) return;
  throw new CompatibilityError(
    'TOKENIZER_UNSUPPORTED',
    `Cannot tokenize: ${key} is "${found}", and must be "${wanted}"`,
    {
      hint: 'Use a Qwen3 model; its tokenizer is byte-level BPE with the qwen2 pre-tokenizer.',
      data: { key, found, wanted },
    },
  );
}

function tokenId(metadata: Metadata, key: string, count: number): number {
  const id = metadata.uint(key);
  if (id < count) return id;
  throw invalid(`${key} is ${id}, and there are ${count} tokens`);
}
