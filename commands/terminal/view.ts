/** Owns what is decided about a stream from the environment: its width, its colours, its characters. */
import { colourStyle, plainStyle } from '../../src/render/style.js';
import { plainView, type View } from '../../src/render/view.js';

/** As much of a stream as it takes to decide. */
export interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const narrowest = 40;
// Longer lines than this are hard to read, however wide the window.
const widest = 120;

/**
 * Decides how to write to a stream. Colours: FORCE_COLOR, then NO_COLOR (no-color.org), then a terminal that is not dumb.
 * ASCII alone: where the locale says so by name.
 */
export function viewOf(stream: Stream, environment: Environment): View {
  const terminal = stream.isTTY === true;
  const columns = terminal && stream.columns ? stream.columns : plainView.width;
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || '';
  return {
    style: wantsColour(terminal, environment) ? colourStyle : plainStyle,
    width: Math.max(narrowest, Math.min(widest, columns)),
    ascii: locale === 'C' || locale === 'POSIX',
  };
}

function wantsColour(terminal: boolean, { FORCE_COLOR, NO_COLOR, TERM }: Environment): boolean {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return terminal && TERM !== 'dumb';
}
