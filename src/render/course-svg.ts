/** Owns the picture of a search: its objective, and where there are any its answers to held-back probes, step by step. */
import { label, margin, type Panel, rule, width } from './figure-svg.js';
import { element, formatCoordinate } from './svg.js';

/** Where a search stood after an iteration that was accepted; the first is the start. */
export interface CoursePoint {
  readonly iteration: number;
  readonly objective: number;
  /** Right answers to the probes that the search held back for its own judgement. */
  readonly heldBackRight?: number;
}

const plotHeight = 150;
const left = margin + 64;
const right = width - margin - 48;

/** Lays the course out as a stair: the objective on the left scale, held-back answers on the right. */
export function coursePanel(course: readonly CoursePoint[]): Panel {
  const last = Math.max(1, ...course.map(({ iteration }) => iteration));
  // A little room behind the last step, so that its height can be seen.
  const x = (iteration: number): number => left + (iteration / last) * (right - left) * 0.96;
  const held = course.flatMap(({ iteration, heldBackRight }) =>
    heldBackRight === undefined ? [] : [{ iteration, value: heldBackRight }],
  );
  const objective = course.map(({ iteration, objective: value }) => ({ iteration, value }));
  return {
    height: plotHeight + 28,
    draw(top) {
      const bottom = top + plotHeight;
      const scale = (values: readonly number[]): ((value: number) => number) => {
        const [low, high] = [Math.min(...values), Math.max(...values)];
        return (value) => (high === low ? bottom : bottom - ((value - low) / (high - low)) * plotHeight);
      };
      const stair = (points: readonly { iteration: number; value: number }[], kind: string): string => {
        const y = scale(points.map(({ value }) => value));
        const moves = points.map(({ iteration, value }, i) => {
          const [px, py] = [formatCoordinate(x(iteration)), formatCoordinate(y(value))];
          return i === 0 ? `M${px} ${py}` : `H${px}V${py}`;
        });
        return element('path', { class: kind, d: `${moves.join('')}H${formatCoordinate(right)}` });
      };
      const ends = (points: readonly { value: number }[], at: number, anchor: string, digits: number): string[] => {
        const values = points.map(({ value }) => value);
        const bounds = [...new Set([Math.max(...values), Math.min(...values)])];
        return bounds.map((value) =>
          label(at, scale(values)(value) + 4, value.toFixed(digits), { 'text-anchor': anchor }),
        );
      };
      return [
        rule('grid', left, top, right, top),
        rule('grid', left, top + plotHeight / 2, right, top + plotHeight / 2),
        rule('axis', left, bottom, right, bottom),
        ...ends(objective, left - 8, 'end', 4),
        ...(held.length > 1 ? [...ends(held, right + 8, 'start', 0), stair(held, 'line second')] : []),
        stair(objective, 'line'),
        label(left, bottom + 18, '0', { class: 'faint' }),
        label(x(last), bottom + 18, `${last} iterations`, { class: 'faint', 'text-anchor': 'end' }),
      ];
    },
  };
}
