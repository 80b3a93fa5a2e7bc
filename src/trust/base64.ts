/** Owns strict base64 (RFC 4648, section 4): bytes have one spelling, so that text and bytes cannot disagree. */

/** Formats bytes as padded base64. */
export function formatBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Parses padded base64; undefined when the text is not exactly what `formatBase64` gives for its bytes. */
export function parseBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : undefined;
}
