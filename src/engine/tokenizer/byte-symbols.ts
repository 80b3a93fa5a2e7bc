/** Owns GPT-2's alphabet: one printable character for each of the 256 byte values, in which vocabularies are spelt. */

const isPrintable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);

/** The character that stands for each byte: printable Latin-1 for itself, the others from U+0100 on in their order. */
export const symbolOfByte: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
})();

/** The byte that each character code stands for, or −1 for codes that stand for none: codes 0 to 323. */
const byteOfSymbol: Int16Array = (() => {
  const bytes = new Int16Array(324).fill(-1);
  symbolOfByte.forEach((symbol, byte) => {
    bytes[symbol.charCodeAt(0)] = byte;
  });
  return bytes;
})();

/** Spells out the bytes of a token, or nothing when one of its characters stands for no byte. */
export function bytesOfToken(token: string): Uint8Array | undefined {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = byteOfSymbol[token.charCodeAt(i)] ?? -1;
    if (byte < 0) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}
