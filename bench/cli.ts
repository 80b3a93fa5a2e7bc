/**
 * Measures whole commands, from start to end, on the model that ships: `--version`, `status` and `checkout`, by turns with
 * an empty Node program, of which a busy machine shows how slow it is just now. Run as `node dist/bench/cli.js [rounds]`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../bin/bankai.cjs', import.meta.url));
const model = fileURLToPath(new URL('../../fixtures/worksheet-5m-q1_0.gguf', import.meta.url));

/** Runs Node with arguments in a directory that is also home. → milliseconds from start to end. */
function runNode(directory: string, args: readonly string[]): number {
  const env = { ...process.env, HOME: directory, XDG_CONFIG_HOME: '' };
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: directory, env, encoding: 'utf8' });
  const elapsedMs = performance.now() - start;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return elapsedMs;
}

/** Makes a repository with one short search on each of two branches. */
function makeRepository(directory: string): void {
  const bankai = (line: string, ...rest: string[]) => runNode(directory, [entry, ...line.split(' '), ...rest]);
  bankai('init --model', model);
  const search = '--controls knowledge --iterations 20';
  bankai(`commit -b calc -m calculus --probes calculus ${search}`);
  bankai(`commit -b math -m arithmetic --probes arithmetic ${search}`);
}

interface Timing {
  readonly name: string;
  readonly args: readonly string[];
  /** The median must not be above this. */
  readonly barMs?: number;
  readonly elapsedMs: number[];
}

const timing = (name: string, args: readonly string[], barMs?: number): Timing => ({
  name,
  args,
  ...(barMs !== undefined && { barMs }),
  elapsedMs: [],
});

function report({ name, barMs, elapsedMs }: Timing, nodeMs: number): void {
  const sorted = [...elapsedMs].sort((a, b) => a - b);
  const [median, min, max] = [sorted[sorted.length >> 1], sorted[0], sorted[sorted.length - 1]];
  const [a, b, c] = [median, min, max].map((value) => value.toFixed(0).padStart(5));
  const bar = barMs === undefined ? '' : `, bar ${barMs} ms: ${median <= barMs ? 'holds' : 'MISSED'}`;
  console.log(`${name.padEnd(19)} median ${a} ms, min ${b}, max ${c}, ${(median / nodeMs).toFixed(1)} × node${bar}`);
}

function measure(directory: string, rounds: number): void {
  makeRepository(directory);
  const node = timing('node -e 0', ['-e', '0']);
  const commands = [
    timing('--version', [entry, '--version'], 250),
    timing('status', [entry, 'status']),
    // By turns, so that each has the model to change.
    timing('checkout calc+math', [entry, 'checkout', 'calc+math'], 500),
    timing('checkout base', [entry, 'checkout', 'base'], 500),
  ];
  for (let round = 0; round < rounds; round++) {
    for (const { args, elapsedMs } of [node, ...commands]) elapsedMs.push(runNode(directory, args));
  }
  const nodeMs = node.elapsedMs.sort((a, b) => a - b)[node.elapsedMs.length >> 1];
  for (const each of [node, ...commands]) report(each, nodeMs);
}

const directory = mkdtempSync(join(tmpdir(), 'bankai-cli-'));
try {
  measure(directory, Number(process.argv[2] ?? 20));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
