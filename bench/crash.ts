/**
 * Kills the real program, takes the power from under it, and has the disk refuse: at every single change of the disk
 * that each command makes, and at random instants. Run as `node dist/bench/crash.js [--every N] [--kills N]
 * [--only COMMAND] [--record]`; with `--record` the result is written into docs/DURABILITY.md. Exits with 1 when a
 * command found anything but the old state or the new one, whole.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  makeTemplate,
  rehearse,
  scenarios,
  type Stage,
  tryFault,
  tryKill,
  type Verdict,
} from '../test/faults/crash.js';
import type { FaultPlan } from '../test/faults/plan.js';

const { values } = parseArgs({
  options: {
    every: { type: 'string', default: '1' },
    kills: { type: 'string', default: '1000' },
    only: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});

/** What happens at a point. */
const faults: Readonly<Record<string, Partial<FaultPlan>>> = {
  SIGKILL: { kind: 'kill' },
  'power loss, strict': { kind: 'power' },
  'power loss, partial': { kind: 'power', seed: 1 },
  EIO: { kind: 'error', code: 'EIO' },
  'ENOSPC from then on': { kind: 'error', code: 'ENOSPC', lasting: true },
  'EROFS from then on': { kind: 'error', code: 'EROFS', lasting: true },
};
const RANDOM = 'SIGKILL, random instant';

/** How trials of one kind ended. */
interface Tally {
  old: number;
  new: number;
  readonly findings: string[];
}

/** A trial, and what it is called when something is found. */
interface Trial {
  readonly name: string;
  readonly run: () => Promise<Verdict>;
}

async function tally(trials: readonly Trial[]): Promise<Tally> {
  const result: Tally = { old: 0, new: 0, findings: [] };
  const waiting = [...trials];
  const work = async (): Promise<void> => {
    for (let trial = waiting.shift(); trial; trial = waiting.shift()) {
      const { state, findings } = await trial.run();
      if (state !== undefined) result[state]++;
      for (const finding of findings) result.findings.push(`${trial.name}: ${finding}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return result;
}

/** One trial for each point, or each of some. A partial loss is another one at every point. */
function trialsAt(stage: Stage, fault: Partial<FaultPlan>, every: number): Trial[] {
  return stage.points.flatMap((point, at) =>
    at % every === 0
      ? [{ name: `${at} ${point}`, run: () => tryFault(stage, { ...fault, at, ...(fault.seed && { seed: at + 1 }) }) }]
      : [],
  );
}

/** Kills at random instants from before the command changes anything to after its end. */
async function randomKills(stage: Stage, count: number): Promise<Trial[]> {
  const start = performance.now();
  await tryKill(stage, 60_000);
  const lengthMs = (performance.now() - start) * 0.6;
  return Array.from({ length: count }, () => {
    const delayMs = lengthMs * (0.2 + 0.8 * Math.random());
    return { name: `after ${delayMs.toFixed(0)} ms`, run: () => tryKill(stage, delayMs) };
  });
}

const room = mkdtempSync(join(tmpdir(), 'bankai-crash-'));
const rows: string[] = [];
let total = 0;
try {
  const template = join(room, 'template');
  await makeTemplate(template);
  const chosen = scenarios.filter(({ name }) => values.only === undefined || name === values.only);
  for (const scenario of chosen) {
    const stage = await rehearse(scenario, template, room);
    console.log(`${scenario.name}: ${stage.points.length} points`);
    const kinds = Object.entries(faults).map(([kind, fault]): [string, Promise<Trial[]> | Trial[]] => [
      kind,
      trialsAt(stage, fault, Number(values.every)),
    ]);
    kinds.push([RANDOM, randomKills(stage, Math.ceil(Number(values.kills) / chosen.length))]);
    for (const [kind, trials] of kinds) {
      const { old, new: done, findings } = await tally(await trials);
      total += old + done;
      console.log(`  ${kind}: ${old} old, ${done} new, ${findings.length} findings`);
      for (const finding of findings) console.log(`    ${finding}`);
      if (findings.length > 0) process.exitCode = 1;
      rows.push(
        `| \`${scenario.args
          .slice(0, 3)
          .join(' ')
          .replace(/\/\S*\//, '')}\` | ${kind} | ${old} | ${done} | ${findings.length} |`,
      );
    }
  }
} finally {
  rmSync(room, { recursive: true, force: true });
}

if (values.record) {
  const path = fileURLToPath(new URL('../../docs/DURABILITY.md', import.meta.url));
  const text = readFileSync(path, 'utf8');
  const head = text.slice(0, text.indexOf('<!-- result -->'));
  const lines = [
    `${head}<!-- result -->`,
    '',
    `Last run: ${new Date().toISOString().slice(0, 10)}, ${total} trials${values.every === '1' ? ', every point' : `, one point in ${values.every}`}.`,
    '',
    '| command | fault | old state | new state | findings |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ];
  writeFileSync(path, lines.join('\n'));
}
