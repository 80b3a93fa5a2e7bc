/** Owns the cutting of text into words, within which alone byte pairs are merged. */

/**
 * The pre-tokenizer `qwen2` as llama.cpp runs it. Letters and numbers are Unicode's categories L and N, of which each
 * number stands alone; contractions ignore case in ASCII only (so no flag `i`, which would also take U+017F for an s).
 * Which characters are letters is the runtime's Unicode version; llama.cpp's tables are of version 15, so the two differ
 * on characters assigned since.
 * Unlike `\s`, llama.cpp's white space (Unicode's White_Space) has U+0085 and lacks U+FEFF.
 */
const WORD =
  /'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\p{White_Space}\p{L}\p{N}]+[\r\n]*|\p{White_Space}*[\r\n]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Cuts a text into words that, joined, are the text again. */
export function splitWords(text: string): readonly string[] {
  return text.match(WORD) ?? [];
}
