/**
 * Kills the real program, takes the power from under it, and has the disk refuse: at every single change of the disk
 * that each command makes, and at random instants. Run as `node dist/bench/crash.js [--every N] [--kills N] [--room DIR] [--jobs N]
 * [--only COMMAND]… [--fault FAULT]… [--record [--append]]`: SIGKILL comes at every point, all else at each N-th, and
 * N kills at random instants for each command that the bar names, a tenth for the others. With `--record` the result is
 * written into docs/DURABILITY.md after every line of the table; with `--append` the lines that are there already stay, and are
 * not run again. Exits with 1 when a command found anything but the old state or the new one, whole.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { rehearse, type Stage, tryFault, tryKill, type Verdict } from '../test/faults/crash.js';
import type { FaultPlan } from '../test/faults/plan.js';
import { makeTemplate, scenarios } from '../test/faults/scenarios.js';
import { build } from './build.js';
import { isRecorded, type Line, readRecord, writeRecord } from './crash/record.js';

const { values } = parseArgs({
  options: {
    every: { type: 'string', default: '1' },
    kills: { type: 'string', default: '200' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    only: { type: 'string', multiple: true },
    fault: { type: 'string', multiple: true },
    // What is not synced is taken away by the trial, not by the disk: one in memory is as good, and faster.
    room: { type: 'string', default: existsSync('/dev/shm') ? '/dev/shm' : tmpdir() },
    record: { type: 'boolean', default: false },
    append: { type: 'boolean', default: false },
  },
});

const RANDOM = 'SIGKILL, random instant';
/** What happens. */
const faults: Readonly<Record<string, Partial<FaultPlan>>> = {
  SIGKILL: { kind: 'kill' },
  [RANDOM]: {},
  'power loss, strict': { kind: 'power' },
  'power loss, partial': { kind: 'power', seed: 1 },
  EIO: { kind: 'error', code: 'EIO' },
  'ENOSPC from then on': { kind: 'error', code: 'ENOSPC', lasting: true },
  'EROFS from then on': { kind: 'error', code: 'EROFS', lasting: true },
};
/** The commands that the bar names come first. */
const named = ['commit', 'checkout', 'merge', 'import', 'gc'];

/** A trial, and what it is called when something is found. */
interface Trial {
  readonly name: string;
  readonly run: () => Promise<Verdict>;
}

/** Runs trials, some at once, until there are no more or `enough` of them ended as they should. */
async function tally(trials: Iterator<Trial>, counts: (verdict: Verdict) => boolean, enough: number) {
  const result = { old: 0, new: 0, findings: [] as string[] };
  let counted = 0;
  const work = async (): Promise<void> => {
    for (let next = trials.next(); next.done !== true && counted < enough; next = trials.next()) {
      const verdict = await next.value.run();
      for (const finding of verdict.findings) result.findings.push(`${next.value.name}: ${finding}`);
      if (!counts(verdict)) continue;
      counted++;
      if (verdict.state !== undefined) result[verdict.state]++;
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  return result;
}

/**
 * One trial for each point, or each of some. A partial loss is another one at every point. What was not done is done again
 * in every third trial.
 */
function* trialsAt(stage: Stage, fault: Partial<FaultPlan>, every: number): Generator<Trial> {
  for (let point = 0; point < stage.points.length; point += every) {
    yield {
      name: `${point} ${stage.points[point]}`,
      run: () => tryFault(stage, { ...fault, at: point, ...(fault.seed && { seed: point + 1 }) }, point % 3 === 0),
    };
  }
}

/**
 * Kills at random instants, without end: a program that was faster does not count. Every eighth is let live, to know how
 * long it takes now.
 */
function* randomKills(stage: Stage): Generator<Trial> {
  let { elapsedMs } = stage;
  for (let i = 0; ; i++) {
    const delayMs = i % 8 === 0 ? undefined : elapsedMs * Math.random();
    const run = async (): Promise<Verdict> => {
      const verdict = await tryKill(stage, delayMs, i % 4 === 1);
      if (verdict.ended.signal === null) ({ elapsedMs } = verdict.ended);
      return verdict;
    };
    yield { name: delayMs === undefined ? 'not killed' : `after ${delayMs.toFixed(0)} ms`, run };
  }
}

async function lineOf(stage: Stage, kind: string, kills: number): Promise<Line> {
  const fault = faults[kind];
  const every = fault.kind === 'kill' ? 1 : Number(values.every);
  const outcome =
    kind === RANDOM
      ? await tally(randomKills(stage), ({ ended }) => ended.signal === 'SIGKILL', kills)
      : await tally(trialsAt(stage, fault, every), () => true, Infinity);
  for (const finding of outcome.findings) console.log(`    ${finding}`);
  const points = kind === RANDOM ? 'random' : every === 1 ? 'every' : `1 in ${every}`;
  return {
    ...{ command: stage.scenario.name, fault: kind, points, old: outcome.old, new: outcome.new },
    ...{ findings: outcome.findings.length, build },
  };
}

const room = mkdtempSync(join(values.room, 'bankai-crash-'));
const lines: Line[] = values.append ? readRecord() : [];
const wanted = (list: readonly string[] | undefined, name: string): boolean => list?.includes(name) ?? true;
const chosen = scenarios.filter(({ name }) => wanted(values.only, name));
const rank = ({ name }: { name: string }): number => (named.includes(name) ? 0 : 1);
const ordered = [...chosen].sort((a, b) => rank(a) - rank(b));
try {
  const template = join(room, 'template');
  await makeTemplate(template);
  for (const scenario of ordered) {
    const kinds = Object.keys(faults).filter(
      (kind) => wanted(values.fault, kind) && !isRecorded(lines, scenario.name, kind),
    );
    if (kinds.length === 0) continue;
    const stage = await rehearse(scenario, template, room);
    console.log(`${scenario.name}: ${stage.points.length} points, ${stage.elapsedMs.toFixed(0)} ms`);
    for (const kind of kinds) {
      const kills = Math.ceil(Number(values.kills) / (named.includes(scenario.name) ? 1 : 10));
      const line = await lineOf(stage, kind, kills);
      console.log(`  ${kind}: ${line.old} old, ${line.new} new, ${line.findings} findings`);
      if (line.findings > 0) process.exitCode = 1;
      lines.push(line);
      if (values.record) writeRecord(lines);
    }
  }
} finally {
  rmSync(room, { recursive: true, force: true });
}
