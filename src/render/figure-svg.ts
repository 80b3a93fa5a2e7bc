/** Owns the page that pictures are on: an SVG readable on light and dark grounds and by screen readers, panel under panel. */
import { element, escapeXml } from './svg.js';
import { truncate } from './text.js';

/** A part of a figure. Its place is decided by the figure, its content by the panel. */
export interface Panel {
  readonly height: number;
  /** Draws into the strip that begins at `top`: elements. */
  draw(top: number): readonly string[];
}

/** What a figure shows, in words too, from top to bottom. */
export interface Figure {
  readonly title: string;
  /** One or two sentences that say what a reader would see. */
  readonly description: string;
  readonly panels: readonly Panel[];
}

// Geometry in user units; text is 12 units high, so a label of n characters takes at most about 7.3 · n.
export const width = 720;
export const margin = 12;
export const characterWidth = 7.3;

/** Characters of a title that fit. */
const titleLength = 78;

const top = 40;
const captionHeight = 44;

// Blue and orange are told apart by nearly everybody; what a colour says is also in a place, a sign or a word.
/** The style sheet inside every figure: pages that forbid others allow this one. */
export const figureStyle = [
  'svg{color-scheme:light dark}',
  '.page{fill:#fff}text{font:12px ui-monospace,monospace;fill:#1f2328}',
  '.title{font-weight:600;font-size:14px}.faint{fill:#59636e}.up{fill:#0969da}.down{fill:#bc4c00}.same{fill:#8c959f}',
  '.axis{stroke:#8c959f}.grid{stroke:#d1d9e0}.line{fill:none;stroke:#0969da;stroke-width:2}.second{stroke:#bc4c00}',
  '@media (prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#e6edf3}.faint{fill:#9198a1}',
  '.up{fill:#4493f8}.down{fill:#db6d28}.same{fill:#6e7681}.axis{stroke:#6e7681}.grid{stroke:#30363d}',
  '.line{stroke:#4493f8}.second{stroke:#db6d28}}',
].join('');

/** Draws a figure. Equal figures give equal bytes; all that is shown is also text in the document. */
export function figureSvg({ title, description, panels }: Figure): string {
  const drawn: string[] = [];
  let y = top;
  for (const panel of panels) {
    drawn.push(...panel.draw(y));
    y += panel.height;
  }
  const height = y + margin;
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-labelledby': 'title description',
    },
    [
      '\n' + element('title', { id: 'title' }, [escapeXml(title)]),
      '\n' + element('desc', { id: 'description' }, [escapeXml(description)]),
      '\n' + element('style', {}, [figureStyle]),
      '\n' + element('rect', { class: 'page', width, height }),
      '\n' + label(margin, 24, truncate(title, titleLength), { class: 'title' }),
      ...drawn.map((part) => '\n' + part),
      '\n',
    ],
  );
  return svg + '\n';
}

/** Puts a line of text above a panel. */
export function captioned(caption: string, panel: Panel): Panel {
  return {
    height: panel.height + captionHeight,
    draw: (y) => [label(margin, y + 16, caption, { class: 'faint' }), ...panel.draw(y + captionHeight - 12)],
  };
}

/** Writes text at a place. */
export function label(x: number, y: number, text: string, attributes: Readonly<Record<string, string>> = {}): string {
  return element('text', { ...attributes, x, y }, [escapeXml(text)]);
}

/** A straight line. */
export function rule(kind: 'axis' | 'grid', x1: number, y1: number, x2: number, y2: number): string {
  return element('line', { class: kind, x1, x2, y1, y2 });
}
