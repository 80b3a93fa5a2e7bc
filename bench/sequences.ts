/**
 * Runs random sequences of Bankai's commands and plain git's, and compares states, masks and the model's bytes with a model
 * of sets after every step. Run as `node dist/bench/sequences.js [--count N] [--length N] [--seed N] [--minutes N]
 * [--jobs N] [--record]`; `--jobs` shares the sequences out among processes; with `--record` the result is written into
 * docs/SEQUENCES.md. A sequence that goes wrong is shrunk and printed, and the program exits with 1.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawSteps, runSteps, shrink } from './sequences/sequence.js';
import { makeTemplate } from './sequences/world.js';

/** What some sequences came to. */
interface Tally {
  readonly sequences: number;
  readonly steps: number;
  /** Steps that meant something in the shortest of them. */
  readonly shortest: number;
  readonly faults: number;
}

const number = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    count: { ...number, default: '2000' },
    length: { ...number, default: '28' },
    seed: { ...number, default: '1' },
    minutes: { ...number, default: '1000' },
    jobs: { ...number, default: '1' },
    tally: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});
const [count, length, seed, minutes, jobs] = [
  values.count,
  values.length,
  values.seed,
  values.minutes,
  values.jobs,
].map(Number);
const start = performance.now();

async function runHere(): Promise<Tally> {
  const room = mkdtempSync(join(tmpdir(), 'bankai-sequences-'));
  let [sequences, steps, shortest, faults] = [0, 0, Infinity, 0];
  try {
    const template = await makeTemplate(room);
    for (let i = 0; i < count && faults < 3 && performance.now() - start < minutes * 60_000; i++) {
      const sequence = drawSteps(seed + i, length);
      const { done, fault } = await runSteps(template, room, sequence);
      sequences += 1;
      steps += done;
      shortest = Math.min(shortest, done);
      if (!fault) continue;
      faults += 1;
      console.error(`seed ${seed + i}, step ${fault.step}: ${fault.what}`);
      const small = await shrink(template, room, sequence);
      console.error(`  shrunk: ${JSON.stringify(small)}`);
      console.error(`  ${(await runSteps(template, room, small)).fault?.what}`);
    }
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
  return { sequences, steps, shortest, faults };
}

/** Runs a part of the sequences in a process of its own. */
function runElsewhere(from: number, part: number): Promise<Tally> {
  const settings = { seed: from, count: part, length, minutes };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...args, '--tally'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(JSON.parse(text) as Tally));
  });
}

const share = Math.ceil(count / jobs);
const tallies =
  jobs === 1
    ? [await runHere()]
    : await Promise.all(
        Array.from({ length: jobs }, (_, i) => runElsewhere(seed + i * share, Math.min(share, count - i * share))),
      );
const total = tallies.reduce((sum, tally) => ({
  sequences: sum.sequences + tally.sequences,
  steps: sum.steps + tally.steps,
  shortest: Math.min(sum.shortest, tally.shortest),
  faults: sum.faults + tally.faults,
}));
if (total.faults > 0) process.exitCode = 1;

if (values.tally) {
  console.log(JSON.stringify(total));
} else {
  const { sequences, steps, shortest, faults } = total;
  const seconds = Math.round((performance.now() - start) / 1000);
  const mean = (steps / sequences).toFixed(1);
  const told = `${sequences} sequences, ${steps} steps (${shortest} at least, ${mean} in the mean), ${faults} faults, ${seconds} s`;
  console.log(told);
  if (values.record) {
    const path = fileURLToPath(new URL('../../docs/SEQUENCES.md', import.meta.url));
    const head = readFileSync(path, 'utf8').split('<!-- result -->')[0];
    const day = new Date().toISOString().slice(0, 10);
    const process = jobs === 1 ? '' : ` in ${jobs} processes`;
    writeFileSync(path, `${head}<!-- result -->\n\nLast run: ${day}, from seed ${seed}${process}: ${told}.\n`);
  }
}
