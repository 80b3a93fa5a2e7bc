/**
 * Lets processes race for one repository: two with 200 imports together, then five, one of which is killed half-way. Run
 * as `node dist/bench/race.js [--each N] [--record]`; with `--record` the result is written into docs/DURABILITY.md.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { race, type RaceOutcome } from '../test/faults/race.js';
import { makeTemplate } from '../test/faults/scenarios.js';

const { values } = parseArgs({ options: { each: { type: 'string' }, record: { type: 'boolean' } } });

const races = [
  { racers: 2, each: Number(values.each ?? 100), isKilled: false },
  { racers: 5, each: Number(values.each ?? 48), isKilled: true },
];

const report = fileURLToPath(new URL('../../docs/DURABILITY.md', import.meta.url));
const [START, END] = ['<!-- races -->', '<!-- end of races -->'];

const heads = ['processes', 'one killed', 'imports done', 'refused as locked', 'lost', 'findings'];

function rowOf({ racers, isKilled }: (typeof races)[number], { done, refused, lost, findings }: RaceOutcome): string[] {
  return [racers, isKilled ? 'half-way' : 'no', done, refused, lost.length, findings.length].map(String);
}

function record(rows: readonly string[][]): void {
  const [before, rest] = readFileSync(report, 'utf8').split(START);
  const after = rest.split(END)[1];
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 1 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = line(widths.map((width, i) => (i === 1 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)));
  const told = `Last run: ${new Date().toISOString().slice(0, 10)}.`;
  const text = [START, '', told, '', line(heads), rule, ...rows.map(line), '', END].join('\n');
  writeFileSync(report, before + text + after);
}

const rows: string[][] = [];
for (const each of races) {
  const place = mkdtempSync(join(tmpdir(), 'bankai-race-'));
  try {
    await makeTemplate(place);
    const start = performance.now();
    const outcome = await race(place, each.racers, each.each, each.isKilled ? each.each >> 1 : Infinity);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const row = rowOf(each, outcome);
    console.log(heads.map((head, i) => `${head}: ${row[i]}`).join(', ') + `, in ${seconds} s`);
    for (const finding of outcome.findings) console.log(finding);
    if (outcome.lost.length + outcome.findings.length > 0) process.exitCode = 1;
    rows.push(row);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
if (values.record) record(rows);
