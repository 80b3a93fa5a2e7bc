/** Owns how a server announces itself: `bankai registry serve`. */
import { printable, wrap } from './text.js';
import type { View } from './view.js';

/** Where a registry is served: `schema/registry-serve.schema.json`. */
export interface ServingReport {
  readonly url: string;
  /** Digest of the first root. */
  readonly root: string;
}

/** Writes the address, and by what others trust it. */
export const renderServing = ({ url, root }: ServingReport, view: View): string[] => [
  ...wrap(`Serving at ${printable(url)} until Ctrl-C; its root is`, view.width),
  `  ${view.style.id(root)}`,
];
