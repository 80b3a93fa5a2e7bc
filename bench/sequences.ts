/**
 * Runs random sequences of Bankai's commands and plain git's, and compares states, masks and the model's bytes with a model
 * of sets after every step. Run as `node dist/bench/sequences.js [--count N] [--length N] [--seed N] [--minutes N]
 * [--record]`; with `--record` the result is written into docs/SEQUENCES.md. A sequence that goes wrong is shrunk and
 * printed, and the program exits with 1.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawSteps, runSteps, shrink } from './sequences/sequence.js';
import { makeTemplate } from './sequences/world.js';

const number = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    count: { ...number, default: '2000' },
    length: { ...number, default: '28' },
    seed: { ...number, default: '1' },
    minutes: { ...number, default: '1000' },
    record: { type: 'boolean', default: false },
  },
});
const [count, length, seed, minutes] = [values.count, values.length, values.seed, values.minutes].map(Number);

const room = mkdtempSync(join(tmpdir(), 'bankai-sequences-'));
const start = performance.now();
let [sequences, steps, shortest, faults] = [0, 0, Infinity, 0];
try {
  const template = await makeTemplate(room);
  for (let i = 0; i < count && performance.now() - start < minutes * 60_000; i++) {
    const sequence = drawSteps(seed + i, length);
    const { done, fault } = await runSteps(template, room, sequence);
    sequences += 1;
    steps += done;
    shortest = Math.min(shortest, done);
    if (!fault) continue;
    faults += 1;
    console.log(`seed ${seed + i}, step ${fault.step}: ${fault.what}`);
    const small = await shrink(template, room, sequence);
    console.log(`  shrunk: ${JSON.stringify(small)}`);
    console.log(`  ${(await runSteps(template, room, small)).fault?.what}`);
    process.exitCode = 1;
    if (faults === 3) break;
  }
} finally {
  rmSync(room, { recursive: true, force: true });
}
const seconds = Math.round((performance.now() - start) / 1000);
const mean = (steps / sequences).toFixed(1);
const told = `${sequences} sequences, ${steps} steps (${shortest} at least, ${mean} in the mean), ${faults} faults, ${seconds} s`;
console.log(told);

if (values.record) {
  const path = fileURLToPath(new URL('../../docs/SEQUENCES.md', import.meta.url));
  const head = readFileSync(path, 'utf8').split('<!-- result -->')[0];
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(
    path,
    `${head}<!-- result -->\n\nLast run: ${day}, seeds ${seed} to ${seed + sequences - 1}: ${told}.\n`,
  );
}
