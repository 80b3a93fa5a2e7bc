/** Owns text in terminal cells: how wide it is, how it is cut, padded and wrapped, and what of it is safe to show. */

let segmenter: Intl.Segmenter | undefined;

/** Splits text into what readers see as characters. The segmenter takes 20 ms to make, and most text is ASCII. */
function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/** East Asian wide and fullwidth ranges of Unicode 15 (UAX #11), merged, as [first, last]. */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

// ASCII and the letters and signs after it of which each is one character, one code unit and one cell: most of all text.
const simple = /^[\x20-\x7e\u00a1-\u02ff\u2010-\u2027\u2212]*$/;
const sgr = /\u001b\[[0-9;]*m/g;
// C0, DEL, C1, line and paragraph separators, and the bidirectional controls that reorder what is read.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Makes text from outside (a message, a model's answer, a name in a patch) safe for a terminal: control characters and
 * those that reorder text become visible escapes, so that no patch can move the cursor or hide part of itself.
 */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    return `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`;
  });
}

/** Makes each line of a longer text printable and keeps its line breaks. */
export function printableLines(text: string): string[] {
  return text.trimEnd().split(/\r?\n/).map(printable);
}

function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (/^\p{Mark}/u.test(grapheme) || code === 0x200b || code === 0x200d) return 0;
  if (/\p{Emoji_Presentation}|\ufe0f/u.test(grapheme)) return 2;
  return wideRanges.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** Counts the terminal cells that a line takes. Colour sequences take none. */
export function displayWidth(text: string): number {
  const plain = text.replace(sgr, '');
  if (simple.test(plain)) return plain.length;
  let width = 0;
  for (const { segment } of graphemesOf(plain)) width += graphemeWidth(segment);
  return width;
}

/** Cuts uncoloured text to at most `width` cells; what was cut ends in an ellipsis of `ellipsis`. */
export function truncate(text: string, width: number, ellipsis = '…'): string {
  if (displayWidth(text) <= width) return text;
  const room = width - displayWidth(ellipsis);
  if (room < 0) return '';
  return splitAt(text, room)[0].trimEnd() + ellipsis;
}

/** Pads a line with spaces to `width` cells; a wider one is returned as it is. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + space : space + text;
}

/** Splits uncoloured text into the part that fits `width` cells and the rest. */
function splitAt(text: string, width: number): [string, string] {
  if (simple.test(text)) return [text.slice(0, width), text.slice(width)];
  let used = 0;
  let end = 0;
  for (const { segment, index } of graphemesOf(text)) {
    used += graphemeWidth(segment);
    if (used > width) break;
    end = index + segment.length;
  }
  return [text.slice(0, end), text.slice(end)];
}

/** Breaks uncoloured text at spaces into lines of at most `width` cells; a longer word is broken where it must be. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (displayWidth(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    while (displayWidth(word) > width) {
      const [head, rest] = splitAt(word, width);
      // A wide character in a column of one cell: show it rather than loop.
      lines.push(head === '' ? word : head);
      word = head === '' ? '' : rest;
    }
    line = word;
  }
  return [...lines, line];
}
