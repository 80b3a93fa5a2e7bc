/** Owns how it looks what policies have against patches that they let pass. */
import { printable, wrap } from './text.js';
import type { View } from './view.js';

/** Writes each warning, wrapped. */
export const warningLines = (warnings: readonly string[], view: View): string[] =>
  warnings.flatMap((warning) => wrap(printable(warning), view.width)).map((line) => view.style.warning(line));
