/** Owns text ↔ token ids, as the GGUF's own metadata defines them. */

export interface Tokenizer {
  readonly vocabulary: number;
  /** The token that ends a text, if the model has one. */
  readonly endOfText: number | undefined;
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
}
