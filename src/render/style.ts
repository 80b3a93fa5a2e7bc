/** Owns the palette: what can be said with colour, and how it is spelt for a terminal. */

/** Marks a piece of text. */
export type Paint = (text: string) => string;

/** A palette by meaning, used sparingly: every line must read the same without it. */
export interface Style {
  /** A heading, or the one thing to see. */
  readonly strong: Paint;
  /** What is there for completeness. */
  readonly faint: Paint;
  /** Gained, verified, clean. */
  readonly good: Paint;
  /** Lost, forged, broken. */
  readonly bad: Paint;
  /** To be looked at. */
  readonly warning: Paint;
  /** An id or a commit. */
  readonly id: Paint;
  /** A name that can be typed: a branch, a stack. */
  readonly name: Paint;
}

const same: Paint = (text) => text;

/** Leaves every text as it is. */
export const plainStyle: Style = {
  strong: same,
  faint: same,
  good: same,
  bad: same,
  warning: same,
  id: same,
  name: same,
};

const sgr =
  (on: number, off: number): Paint =>
  (text) =>
    text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`;

/** Paints with the sixteen colours that a terminal's own theme defines, so that light and dark both stay readable. */
export const colourStyle: Style = {
  strong: sgr(1, 22),
  faint: sgr(2, 22),
  good: sgr(32, 39),
  bad: sgr(31, 39),
  warning: sgr(33, 39),
  id: sgr(33, 39),
  name: sgr(36, 39),
};
