/** Owns the flip: the smallest change Bankai makes to a 1-bit weight matrix. */

/** A row of a matrix with all its sign bits inverted. Rows are output features: `ne[1]` of the GGUF tensor. */
export interface RowFlip {
  kind: 'row';
  /** GGUF tensor name, e.g. `blk.1.ffn_up.weight`. */
  tensor: string;
  row: number;
}

/** One 128-weight group of a row with all its sign bits inverted. */
export interface GroupFlip {
  kind: 'group';
  tensor: string;
  row: number;
  /** Index of the 128-weight block within the row. */
  group: number;
}

/** One bit of the fp16 scale of a 128-weight group, inverted. */
export interface ScaleBitFlip {
  kind: 'scale-bit';
  tensor: string;
  row: number;
  group: number;
  /** 0 is the least significant mantissa bit, 9 the most significant one; 10, the lowest of the exponent, doubles or halves. */
  bit: number;
}

export type Flip = RowFlip | GroupFlip | ScaleBitFlip;

/** Orders flips canonically: by tensor name in code units, then rows, groups, scale bits, then by their numbers. */
export function compareFlips(a: Flip, b: Flip): number {
  if (a.tensor !== b.tensor) return a.tensor < b.tensor ? -1 : 1;
  if (a.kind !== b.kind) return KIND_ORDER[a.kind] - KIND_ORDER[b.kind];
  return a.row - b.row || groupOf(a) - groupOf(b) || bitOf(a) - bitOf(b);
}

/** Writes a flip for people: `blk.1.ffn_up.weight row 3150`, with its group and bit where it has any. */
export function formatFlip(flip: Flip): string {
  const row = `${flip.tensor} row ${flip.row}`;
  if (flip.kind === 'row') return row;
  return flip.kind === 'group' ? `${row} group ${flip.group}` : `${row} group ${flip.group} scale bit ${flip.bit}`;
}

const KIND_ORDER = { row: 0, group: 1, 'scale-bit': 2 } as const;
const groupOf = (flip: Flip): number => (flip.kind === 'row' ? 0 : flip.group);
const bitOf = (flip: Flip): number => (flip.kind === 'scale-bit' ? flip.bit : 0);
