/** The table of exchanges in docs/DURABILITY.md: what was found, command by command, over one run or several. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('../../../docs/DURABILITY.md', import.meta.url));
const [START, END] = ['<!-- exchanges -->', '<!-- end of exchanges -->'];
const head = ['command', 'fault', 'points', 'tried', 'was done already', 'findings', 'build'];

/** How the trials with one command ended. */
export interface Row {
  readonly command: string;
  readonly fault: string;
  /** Changes of the disk that it makes, and at how many of them it failed. */
  readonly points: number;
  readonly tried: number;
  /** Trials after which there was nothing left to do. */
  readonly finished: number;
  readonly findings: number;
  /** The commit of the program that was tried. */
  readonly build: string;
}

/** Reads the rows that are there. */
export function readRows(): Row[] {
  const text = readFileSync(path, 'utf8');
  const table = text.slice(text.indexOf(START), text.indexOf(END));
  return table.split('\n').flatMap((line): Row[] => {
    const cells = line.split('|').slice(1, -1);
    const [command, fault, points, tried, finished, findings, build] = cells.map((cell) => cell.trim());
    if (cells.length !== head.length || !/^\d+$/.test(points)) return [];
    const numbers = { points: Number(points), tried: Number(tried), finished: Number(finished) };
    return [{ command, fault, ...numbers, findings: Number(findings), build }];
  });
}

/** Writes rows in place of those that were there. */
export function writeRows(rows: readonly Row[]): void {
  const text = readFileSync(path, 'utf8');
  const sum = (of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const tried = sum((row) => row.tried);
  const everywhere = new Set(rows.filter((row) => row.tried === row.points).map((row) => row.fault));
  const where = everywhere.size === 0 ? '' : ` ${[...everywhere].join(' and ')} at every point.`;
  const cells = [
    head,
    ...rows.map((row) => [row.command, row.fault, row.points, row.tried, row.finished, row.findings, row.build]),
  ];
  const widths = head.map((_, i) => Math.max(...cells.map((row) => String(row[i]).length)));
  const isNumber = (i: number): boolean => i > 1 && i < head.length - 1;
  const lines = cells.map(
    (row) =>
      `| ${row.map((cell, i) => (isNumber(i) ? String(cell).padStart(widths[i]) : String(cell).padEnd(widths[i]))).join(' | ')} |`,
  );
  const rule = widths.map((width, i) => (isNumber(i) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  const told = [
    `${text.slice(0, text.indexOf(START))}${START}`,
    '',
    `Last run: ${new Date().toISOString().slice(0, 10)}, ${tried} trials with ${sum((row) => row.findings)} findings.${where}`,
    '',
    ...[lines[0], `| ${rule.join(' | ')} |`, ...lines.slice(1)],
    '',
    text.slice(text.indexOf(END)),
  ];
  writeFileSync(path, told.join('\n'));
}
