/** Owns how numbers are written for people: counts, sizes, shares, changes and probabilities. */

/** Writes a number, rounded to a whole one, with separators: `1,234`. Without Intl, which takes 10 ms to begin. */
export function formatCount(value: number): string {
  return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Writes a count with its noun, which takes an s unless the plural is given: `1 flip`, `2 flips`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : nouns}`;
}

/** Writes a size in decimal units with three significant digits: `936 B`, `1.15 GB`. */
export function formatBytes(byteLength: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = byteLength;
  let unit = 0;
  // 999.5 would round to 1000 of its unit.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : threeDigits(value)} ${units[unit]}`;
}

/** Writes a positive number with three significant digits and no exponent: `1.15`, `18.4`, `117`. */
export function threeDigits(value: number): string {
  if (value < 9.995) return value.toFixed(2);
  return value < 99.95 ? value.toFixed(1) : formatCount(value);
}

/** Writes a share of one as percent: `0.4137` is `41.4 %`. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Writes a change with its sign: `+12`, `-3`, `0`; `digits` after the point. */
export function formatChange(value: number, digits = 0): string {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return (0).toFixed(digits);
  return value > 0 ? `+${text}` : text;
}

/** Writes a p-value: `p = 0.06`, `p = 6e-8`, and never as zero. */
export function formatProbability(p: number): string {
  if (p >= 0.995) return 'p = 1';
  if (p >= 0.001) return `p = ${Number(p.toPrecision(2))}`;
  return p < 1e-300 ? 'p < 1e-300' : `p = ${p.toExponential(0).replace('e+', 'e')}`;
}
