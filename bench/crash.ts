/**
 * Kills the real program, takes the power from under it, and has the disk refuse: at every single change of the disk
 * that each command makes, and at random instants. Run as `node dist/bench/crash.js [--every N] [--kills N]
 * [--only COMMAND] [--record]`: SIGKILL comes at every point, all else at each N-th. With `--record` the result is written into docs/DURABILITY.md. Exits with 1 when a
 * command found anything but the old state or the new one, whole.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rehearse, type Stage, tryFault, tryKill, type Verdict } from '../test/faults/crash.js';
import type { FaultPlan } from '../test/faults/plan.js';
import { makeTemplate, scenarios } from '../test/faults/scenarios.js';

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
const MARK = '<!-- result -->';
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

/**
 * One trial for each point, or each of some. A partial loss is another one at every point. What was not done is done again
 * in every third trial.
 */
function trialsAt(stage: Stage, fault: Partial<FaultPlan>, every: number): Trial[] {
  const at = stage.points.map((_, point) => point).filter((point) => point % every === 0);
  return at.map((point) => ({
    name: `${point} ${stage.points[point]}`,
    run: () => tryFault(stage, { ...fault, at: point, ...(fault.seed && { seed: point + 1 }) }, point % 3 === 0),
  }));
}

/** Kills at random instants, most of them while the command changes things. */
function randomKills(stage: Stage, count: number): Trial[] {
  return Array.from({ length: count }, (_, i) => {
    const delayMs = stage.elapsedMs * (0.4 + 0.65 * Math.random());
    return { name: `after ${delayMs.toFixed(0)} ms`, run: () => tryKill(stage, delayMs, i % 4 === 0) };
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
    const kinds = Object.entries(faults).map(([kind, fault]): [string, Trial[]] => [
      kind,
      trialsAt(stage, fault, fault.kind === 'kill' ? 1 : Number(values.every)),
    ]);
    kinds.push([RANDOM, randomKills(stage, Math.ceil(Number(values.kills) / chosen.length))]);
    for (const [kind, trials] of kinds) {
      const { old, new: done, findings } = await tally(trials);
      total += old + done;
      console.log(`  ${kind}: ${old} old, ${done} new, ${findings.length} findings`);
      for (const finding of findings) console.log(`    ${finding}`);
      if (findings.length > 0) process.exitCode = 1;
      rows.push(`| ${scenario.name} | ${kind} | ${old} | ${done} | ${findings.length} |`);
    }
    if (values.record) record(scenario === chosen[chosen.length - 1]);
  }
} finally {
  rmSync(room, { recursive: true, force: true });
}

/** Writes what was found so far. */
function record(isComplete: boolean): void {
  const path = fileURLToPath(new URL('../../docs/DURABILITY.md', import.meta.url));
  const text = readFileSync(path, 'utf8');
  const every = values.every === '1' ? 'every point' : `SIGKILL at every point, all else at one in ${values.every}`;
  const stopped = isComplete ? '' : '; it was stopped before its end';
  const lines = [
    `${text.slice(0, text.indexOf(MARK))}${MARK}`,
    '',
    `Last run: ${new Date().toISOString().slice(0, 10)}, ${total} trials, ${every}${stopped}.`,
    '',
    '| command | fault | old state | new state | findings |',
    '| --- | --- | --: | --: | --: |',
    ...rows,
    '',
  ];
  writeFileSync(path, lines.join('\n'));
}
