/** The table of docs/DURABILITY.md: what the crash test found, line by line, over one run or several. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('../../../docs/DURABILITY.md', import.meta.url));
const MARK = '<!-- result -->';
const head = ['command', 'fault', 'points', 'old state', 'new state', 'findings', 'build'];

/** How the trials of one kind with one command ended. */
export interface Line {
  readonly command: string;
  readonly fault: string;
  /** `every` one, `1 in 12`, or `random` instants. */
  readonly points: string;
  readonly old: number;
  readonly new: number;
  readonly findings: number;
  /** The commit of the program that was tried. */
  readonly build: string;
}

/** Whether a command was tried with a fault. */
export const isRecorded = (lines: readonly Line[], command: string, fault: string): boolean =>
  lines.some((line) => line.command === command && line.fault === fault);

/** Reads the lines that are there. */
export function readRecord(): Line[] {
  const [, table = ''] = readFileSync(path, 'utf8').split(MARK);
  return table.split('\n').flatMap((text): Line[] => {
    const cells = text
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [command, fault, points, old, done, findings, build] = cells;
    if (cells.length !== head.length || !/^\d+$/.test(old)) return [];
    return [{ command, fault, points, old: Number(old), new: Number(done), findings: Number(findings), build }];
  });
}

/** Writes lines in place of those that were there. */
export function writeRecord(lines: readonly Line[]): void {
  const [text] = readFileSync(path, 'utf8').split(MARK);
  const sum = (some: readonly Line[]): number => some.reduce((total, line) => total + line.old + line.new, 0);
  const random = lines.filter(({ points }) => points === 'random');
  const every = lines.filter(({ fault, points }) => fault === 'SIGKILL' && points === 'every');
  const findings = lines.reduce((total, line) => total + line.findings, 0);
  const told =
    `Last run: ${new Date().toISOString().slice(0, 10)}, ${sum(lines)} trials with ${findings} findings. Of these, ` +
    `${sum(random)} were SIGKILL at a random instant while the program ran, and ${sum(every)} SIGKILL at a point, every one of ` +
    `${every.length} commands.`;
  const cells = lines.map((line) => [
    ...[line.command, line.fault, line.points],
    ...[line.old, line.new, line.findings].map(String),
    line.build,
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i].length)));
  const isNumber = (i: number): boolean => i >= 3 && i <= 5;
  const row = (texts: readonly string[]): string =>
    `| ${texts.map((cell, i) => (isNumber(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`;
  const rule = widths.map((width, i) => (isNumber(i) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  writeFileSync(path, [`${text}${MARK}`, '', told, '', row(head), row(rule), ...cells.map(row), ''].join('\n'));
}
