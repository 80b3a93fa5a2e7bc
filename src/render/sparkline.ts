/** Owns lines of a few cells that show how a value went. */
import type { View } from './view.js';

const blocks = '▁▂▃▄▅▆▇█';
const digits = '123456789';

/** Draws at most `width` values, lowest to highest, one cell each; of more values an even choice with both ends. */
export function renderSparkline(values: readonly number[], width: number, view: View): string {
  const levels = view.ascii ? digits : blocks;
  const count = Math.min(values.length, width);
  const step = count < 2 ? 0 : (values.length - 1) / (count - 1);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return Array.from({ length: count }, (_, i) => {
    const value = values[Math.round(i * step)];
    const share = high === low ? 0 : (value - low) / (high - low);
    return levels[Math.min(levels.length - 1, Math.floor(share * levels.length))];
  }).join('');
}
