/** Owns the picture of how likely the correct answers were and are: a point a probe, better above the diagonal. */
import { label, margin, type Panel, rule } from './figure-svg.js';
import { element } from './svg.js';

/** One probe: log p (nats) of its correct answer before and after, and how its generated answer changed. */
export interface LikelihoodPoint {
  readonly before: number;
  readonly after: number;
  readonly change: 'fixed' | 'broke' | 'kept';
}

const side = 300;
const left = margin + 72;
const marks = ['100 %', '75 %', '50 %', '25 %', '0 %'];
const kinds = { kept: 'same', fixed: 'up', broke: 'down' } as const;

/** Lays the points out by the probability of the whole answer, changed answers on top of the others, with a legend that counts them. */
export function likelihoodPanel(points: readonly LikelihoodPoint[]): Panel {
  const place = (logProbability: number): number => side * Math.min(1, Math.exp(logProbability));
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
        label(left + side + 40, top + 34, 'above the line: likelier than before', { class: 'faint' }),
        ...legend,
      ];
    },
  };
}

function dot(cx: number, cy: number, change: LikelihoodPoint['change']): string {
  return element('circle', { class: kinds[change], cx, cy, r: change === 'kept' ? 2.5 : 4 });
}
