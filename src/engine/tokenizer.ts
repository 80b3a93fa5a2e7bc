/** Owns text ↔ token ids, as the GGUF's own metadata defines them. */
import type { Metadata } from '../gguf/metadata.js';
import { bytesOfToken, symbolOfByte } from './tokenizer/byte-symbols.js';
import { mergeTable } from './tokenizer/merge-table.js';
import { mergeWord } from './tokenizer/merge.js';
import { CONTROL, invalid, readVocabulary, USER_DEFINED, type Vocabulary } from './tokenizer/read-vocabulary.js';
import { splitWords } from './tokenizer/split.js';

export interface Tokenizer {
  readonly vocabulary: number;
  /** The token that ends a text, if the model has one. */
  readonly endOfText: number | undefined;
  /**
   * Token ids of a text. Plain text stays text: what spells a control token (`<|endoftext|>`) is encoded like
   * any other text, so that no probe can end a prompt. Lone surrogates become U+FFFD. Nothing is normalised.
   */
  encode(text: string): number[];
  /** Joins the tokens' bytes and reads them as UTF-8, U+FFFD for what is none; control and unknown tokens are omitted. */
  decode(ids: readonly number[]): string;
}

/** Distinct words remembered with their tokens; text repeats its words. */
const CACHED_WORDS = 50_000;
const CACHED_LENGTH = 32;

/**
 * Makes the tokenizer of a model: byte-level BPE with the pre-tokenizer `qwen2`, the same ids as llama.cpp's.
 * Throws TOKENIZER_UNSUPPORTED for any other kind, and GGUF_INVALID for a vocabulary that contradicts itself.
 */
export function createTokenizer(metadata: Metadata): Tokenizer {
  const vocabulary = readVocabulary(metadata);
  const { tokens, endOfText, beginOfText } = vocabulary;
  const idOfText = indexTokens(tokens);
  const idOfByte = indexBytes(idOfText);
  const table = mergeTable(vocabulary.merges, idOfText);
  const userDefined = userDefinedTokens(vocabulary);
  const cache = new Map<string, readonly number[]>();

  const encodeWord = (word: string): readonly number[] => {
    const known = cache.get(word);
    if (known) return known;
    const bytes = Array.from(Buffer.from(word, 'utf8'), (byte) => idOfByte[byte]);
    const ids = mergeWord(bytes, table);
    if (word.length <= CACHED_LENGTH) {
      if (cache.size >= CACHED_WORDS) cache.clear();
      cache.set(word, ids);
    }
    return ids;
  };

  return {
    vocabulary: tokens.length,
    endOfText,
    encode(text) {
      const ids = beginOfText === undefined ? [] : [beginOfText];
      for (const piece of cutOut(userDefined, text)) {
        if (typeof piece === 'number') ids.push(piece);
        else for (const word of splitWords(piece)) for (const id of encodeWord(word)) ids.push(id);
      }
      return ids;
    },
    decode: (ids) => Buffer.concat(ids.map((id) => bytesOf(vocabulary, id))).toString('utf8'),
  };
}

function indexTokens(tokens: readonly string[]): ReadonlyMap<string, number> {
  const idOfText = new Map<string, number>();
  tokens.forEach((token, id) => {
    if (idOfText.has(token)) throw invalid(`tokens ${idOfText.get(token)} and ${id} are both "${token}"`);
    idOfText.set(token, id);
  });
  return idOfText;
}

/** Ids of the tokens of single bytes, by byte: with them any text can be encoded. */
function indexBytes(idOfText: ReadonlyMap<string, number>): readonly number[] {
  return symbolOfByte.map((symbol, byte) => {
    const id = idOfText.get(symbol);
    if (id === undefined) throw invalid(`no token stands for byte ${byte}`);
    return id;
  });
}

/** Tokens that are recognised in plain text before it is cut into words (`<think>`), the longest first. */
function userDefinedTokens({ tokens, kinds }: Vocabulary): readonly (readonly [string, number])[] {
  return tokens
    .map((token, id) => [token, id] as const)
    .filter(([token, id]) => kinds[id] === USER_DEFINED && token !== '')
    .sort(([a], [b]) => Buffer.byteLength(b) - Buffer.byteLength(a));
}

/** Replaces tokens in a text by their ids, in the order of the tokens: what the first takes, no other sees. */
function cutOut(tokens: readonly (readonly [string, number])[], text: string): (string | number)[] {
  let pieces: (string | number)[] = [text];
  for (const [token, id] of tokens) {
    if (!text.includes(token)) continue;
    pieces = pieces.flatMap((piece) =>
      typeof piece === 'number' ? piece : piece.split(token).flatMap((rest, index) => (index ? [id, rest] : [rest])),
    );
  }
  return pieces;
}

function bytesOf({ tokens, kinds }: Vocabulary, id: number): Uint8Array {
  const token = tokens[id];
  if (token === undefined || kinds[id] === CONTROL) return new Uint8Array(0);
  return (kinds[id] === USER_DEFINED ? undefined : bytesOfToken(token)) ?? Buffer.from(token, 'utf8');
}
