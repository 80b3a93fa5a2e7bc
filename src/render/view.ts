/** Owns what every renderer is told about the place its lines go to. */
import { plainStyle, type Style } from './style.js';

/** A terminal, a pipe or a test, as a renderer sees it. */
export interface View {
  readonly style: Style;
  /** Cells in a line; no line is longer. */
  readonly width: number;
  /** True where only ASCII can be shown. */
  readonly ascii: boolean;
}

/** A pipe: 80 columns, no colour. */
export const plainView: View = { style: plainStyle, width: 80, ascii: false };

/** The few signs that have an ASCII spelling. */
export function signs(view: View) {
  return view.ascii
    ? { good: 'ok', bad: 'FAIL', warning: 'warn', ellipsis: '...', arrow: '->', dot: '.', minus: '-', xor: '^' }
    : { good: '✓', bad: '✗', warning: '!', ellipsis: '…', arrow: '→', dot: '·', minus: '−', xor: '⊕' };
}
