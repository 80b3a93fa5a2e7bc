/** Owns horizontal bar charts as SVG, readable on light and dark pages and by screen readers. */
import { element, escapeXml } from './svg.js';

/** A bar chart: what it shows, in words too, and its bars from top to bottom. */
export interface BarChart {
  readonly title: string;
  /** One or two sentences that say what a reader would see. */
  readonly description: string;
  readonly bars: readonly { readonly label: string; readonly value: number; readonly note: string }[];
}

// Blue and orange are told apart by nearly everybody; the sign is in the direction and in the note as well.
// Geometry in user units; text is 12 units high, so a label of n characters takes about 6.6 · n.
const rowHeight = 18;
const barHeight = 12;
const top = 40;
const margin = 12;
const width = 720;
const characterWidth = 6.6;

const stylesheet = [
  'svg{color-scheme:light dark}',
  '.page{fill:#fff}text{font:12px ui-monospace,monospace;fill:#1f2328}',
  '.title{font-weight:600;font-size:14px}.up{fill:#0969da}.down{fill:#bc4c00}.axis{stroke:#8c959f}',
  '@media (prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#e6edf3}',
  '.up{fill:#4493f8}.down{fill:#db6d28}.axis{stroke:#6e7681}}',
].join('');

/** Draws the chart. Equal charts give equal bytes; every label, note and value is also text in the document. */
export function barChartSvg(chart: BarChart): string {
  const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
  const labelWidth = longest(chart.bars.map((bar) => bar.label)) * characterWidth;
  const noteWidth = longest(chart.bars.map((bar) => bar.note)) * characterWidth;
  const left = margin + labelWidth + 8;
  const right = width - margin - noteWidth - 8;
  const highest = Math.max(0, ...chart.bars.map((bar) => bar.value));
  const lowest = Math.min(0, ...chart.bars.map((bar) => bar.value));
  const span = highest - lowest;
  const lengthOf = (value: number): number => (span === 0 ? 0 : (value / span) * Math.max(0, right - left));
  const zero = left - lengthOf(lowest);
  const height = top + chart.bars.length * rowHeight + margin;
  const rows = chart.bars.map((bar, i) => {
    const y = top + i * rowHeight;
    const end = zero + lengthOf(bar.value);
    return element('g', {}, [
      element('text', { x: left - 8, y: y + 10, 'text-anchor': 'end' }, [escapeXml(bar.label)]),
      element('rect', {
        class: bar.value < 0 ? 'down' : 'up',
        x: Math.min(zero, end),
        y,
        width: Math.abs(end - zero),
        height: barHeight,
      }),
      element('text', { x: width - margin, y: y + 10, 'text-anchor': 'end' }, [escapeXml(bar.note)]),
    ]);
  });
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
      '\n' + element('title', { id: 'title' }, [escapeXml(chart.title)]),
      '\n' + element('desc', { id: 'description' }, [escapeXml(chart.description)]),
      '\n' + element('style', {}, [stylesheet]),
      '\n' + element('rect', { class: 'page', width, height }),
      '\n' + element('text', { class: 'title', x: margin, y: 24 }, [escapeXml(chart.title)]),
      ...rows.map((row) => '\n' + row),
      '\n' + element('line', { class: 'axis', x1: zero, x2: zero, y1: top - 4, y2: height - margin }) + '\n',
    ],
  );
  return svg + '\n';
}
