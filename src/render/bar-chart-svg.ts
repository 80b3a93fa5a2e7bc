/** Owns horizontal bar charts as SVG. */
import { characterWidth, figureSvg, label, margin, type Panel, rule, width } from './figure-svg.js';
import { element } from './svg.js';

/** A bar chart: what it shows, in words too, and its bars from top to bottom. */
export interface BarChart {
  readonly title: string;
  /** One or two sentences that say what a reader would see. */
  readonly description: string;
  readonly bars: readonly LabelledBar[];
}

export interface LabelledBar {
  readonly label: string;
  readonly value: number;
  readonly note: string;
}

const rowHeight = 18;
const barHeight = 12;

/** Draws the chart as a document of its own. */
export function barChartSvg({ title, description, bars }: BarChart): string {
  return figureSvg({ title, description, panels: [barPanel(bars)] });
}

/** Lays the bars out: the sign of a value is in its direction, its colour and its note. */
export function barPanel(bars: readonly LabelledBar[]): Panel {
  const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
  const labelWidth = longest(bars.map((bar) => bar.label)) * characterWidth;
  const noteWidth = longest(bars.map((bar) => bar.note)) * characterWidth;
  const left = margin + labelWidth + 8;
  const right = width - margin - noteWidth - 8;
  const highest = Math.max(0, ...bars.map((bar) => bar.value));
  const lowest = Math.min(0, ...bars.map((bar) => bar.value));
  const span = highest - lowest;
  const lengthOf = (value: number): number => (span === 0 ? 0 : (value / span) * Math.max(0, right - left));
  const zero = left - lengthOf(lowest);
  const height = bars.length * rowHeight;
  return {
    height,
    draw: (top) => [
      ...bars.map((bar, i) => {
        const y = top + i * rowHeight;
        const end = zero + lengthOf(bar.value);
        return element('g', {}, [
          label(left - 8, y + 10, bar.label, { 'text-anchor': 'end' }),
          element('rect', {
            class: bar.value < 0 ? 'down' : 'up',
            x: Math.min(zero, end),
            y,
            width: Math.abs(end - zero),
            height: barHeight,
          }),
          label(width - margin, y + 10, bar.note, { 'text-anchor': 'end' }),
        ]);
      }),
      rule('axis', zero, top - 4, zero, top + height),
    ],
  };
}
