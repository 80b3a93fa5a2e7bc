/** Owns how ids are shown. */

/** Digits of an abbreviated id: unambiguous in any library of patches that a person could keep. */
const shownDigits = 10;

/** Abbreviates a commit or content id. */
export function shortId(id: string): string {
  return id.slice(0, shownDigits);
}
