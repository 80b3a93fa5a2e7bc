/** Owns how durations are written for people. */

/** Writes a duration: `8 ms`, `12.3 s`, `2 m 05 s`, `1 h 07 m`. */
export function formatDuration(elapsedMs: number): string {
  if (elapsedMs < 999.5) return `${Math.round(elapsedMs)} ms`;
  if (elapsedMs < 59_950) return `${(elapsedMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(elapsedMs / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${twoDigits(seconds % 60)} s`;
  const minutes = Math.round(elapsedMs / 60_000);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} m`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');
