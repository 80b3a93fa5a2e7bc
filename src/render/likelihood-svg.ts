/** Owns the pictures of how likely correct answers were and are, and by how much: a point a probe, better above the diagonal. */
import { label, margin, type Panel, rule } from './figure-svg.js';
import { formatChange } from './number.js';
import { element } from './svg.js';

/** One probe: log p (nats) of its correct answer, or its margin, before and after, and how its generated answer changed. */
export interface LikelihoodPoint {
  readonly before: number;
  readonly after: number;
  readonly change: 'fixed' | 'broke' | 'kept';
}

const side = 300;
const left = margin + 72;
const kinds = { kept: 'same', fixed: 'up', broke: 'down' } as const;

/** How values are laid out on both sides of a square. */
interface Scale {
  /** The place of a value: 0 to `side`. */
  readonly place: (value: number) => number;
  /** What is written at even steps, from the top to 0. */
  readonly marks: readonly string[];
  /** What it is to be above the diagonal. */
  readonly above: string;
}

/** Lays the points out by the probability of the whole answer, changed answers on top of the others, with a legend that counts them. */
export function likelihoodPanel(points: readonly LikelihoodPoint[]): Panel {
  return squarePanel(points, {
    place: (logProbability) => side * Math.min(1, Math.exp(logProbability)),
    marks: ['100 %', '75 %', '50 %', '25 %', '0 %'],
    above: 'likelier than before',
  });
}

/** Nats at the ends of the scale of margins, at most: beyond them a point is on the edge. */
const MOST_NATS = 10;

/** Lays the points out by the margin (nats) of the correct answer over the wrong one: 0 in the middle. */
export function marginPanel(points: readonly LikelihoodPoint[]): Panel {
  const widest = Math.max(1, ...points.flatMap(({ before, after }) => [Math.abs(before), Math.abs(after)]));
  const end = Math.min(MOST_NATS, Math.ceil(widest));
  const marks = [1, 0.5, 0, -0.5, -1].map((part) => formatChange(part * end, end % 2 === 0 ? 0 : 1));
  return squarePanel(points, {
    place: (nats) => (side / 2) * (1 + Math.max(-1, Math.min(1, nats / end))),
    marks,
    above: 'a wider margin than before',
  });
}

function squarePanel(points: readonly LikelihoodPoint[], { place, marks, above }: Scale): Panel {
  const step = side / (marks.length - 1);
  return {
    height: side + 44,
    draw(top) {
      const bottom = top + side;
      const dots = (['kept', 'fixed', 'broke'] as const).flatMap((change) =>
        points
          .filter((point) => point.change === change)
          .map(({ before, after }) => dot(left + place(before), bottom - place(after), change)),
      );
      const legend = (['fixed', 'broke', 'kept'] as const).flatMap((change, i) => {
        const y = top + 60 + i * 22;
        const count = points.filter((point) => point.change === change).length;
        const word = change === 'kept' ? 'as right or wrong as before' : change;
        return [dot(left + side + 48, y - 4, change), label(left + side + 62, y, `${count} ${word}`)];
      });
      return [
        ...marks.flatMap((mark, i) => [
          rule('grid', left, top + i * step, left + side, top + i * step),
          rule('grid', left + side - i * step, top, left + side - i * step, bottom),
          label(left - 8, top + i * step + 4, mark, { 'text-anchor': 'end' }),
          ...(i % 2 === 0 ? [label(left + side - i * step, bottom + 18, mark, { 'text-anchor': 'middle' })] : []),
        ]),
        rule('axis', left, bottom, left + side, top),
        ...dots,
        label(left + side / 2, bottom + 36, 'before', { class: 'faint', 'text-anchor': 'middle' }),
        label(left + side + 40, top + 16, 'up: after; across: before', { class: 'faint' }),
        label(left + side + 40, top + 34, `above the line: ${above}`, { class: 'faint' }),
        ...legend,
      ];
    },
  };
}

function dot(cx: number, cy: number, change: LikelihoodPoint['change']): string {
  return element('circle', { class: kinds[change], cx, cy, r: change === 'kept' ? 2.5 : 4 });
}
