/** Owns git's shorthand for how many entries of a list are shown. */

/** Writes `-5` out as `-n 5`, up to a `--`. */
export function countsWrittenOut(argv: readonly string[]): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return argv.flatMap((word, i) => (i < end && /^-[0-9]+$/.test(word) ? ['-n', word.slice(1)] : [word]));
}
