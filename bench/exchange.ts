/**
 * Kills the real program in the middle of exchanges with a git host and a registry, at every change of the disk that each
 * command makes, or has the disk fail there. Run as `node dist/bench/exchange.js [--fault FAULT]… [--every N]
 * [--only COMMAND]… [--room DIR] [--record [--append]]`; a fault is one of those below, SIGKILL unless one is named. With
 * `--record` the result is written into docs/DURABILITY.md after every command; with `--append` the commands that are there
 * already stay, and are not run again. Exits with 1 when anything was half there, or could not be finished.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  exchanges,
  type ExchangeStage,
  makeExchangeTemplate,
  rehearseExchange,
  tryExchange,
} from '../test/faults/exchange.js';
import type { FaultPlan } from '../test/faults/plan.js';
import { startGitHost } from '../test/transport/git-server.js';
import { build } from './build.js';
import { readRows, writeRows } from './exchange/record.js';

const { values } = parseArgs({
  options: {
    fault: { type: 'string', multiple: true, default: ['SIGKILL'] },
    every: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    // What is killed is the program, not the machine: a disk in memory is as good, and faster.
    room: { type: 'string', default: existsSync('/dev/shm') ? '/dev/shm' : tmpdir() },
    record: { type: 'boolean', default: false },
    append: { type: 'boolean', default: false },
  },
});
/** What happens. */
const faults: Readonly<Record<string, Partial<FaultPlan>>> = {
  SIGKILL: { kind: 'kill' },
  'power loss': { kind: 'power' },
  EIO: { kind: 'error', code: 'EIO' },
  'ENOSPC from then on': { kind: 'error', code: 'ENOSPC', lasting: true },
};
const every = Number(values.every);
const room = mkdtempSync(join(values.room, 'bankai-exchange-'));
const host = await startGitHost(room);
const rows = values.append ? readRows() : [];
const chosen = values.fault.flatMap((fault) =>
  exchanges
    .filter(({ name }) => values.only?.includes(name) !== false)
    .filter(({ name }) => !rows.some((row) => row.command === name && row.fault === fault))
    .map((exchange) => ({ fault, exchange })),
);
try {
  const template = join(room, 'template');
  await makeExchangeTemplate(template);
  for (const { fault, exchange } of chosen) {
    const plan = faults[fault];
    if (plan === undefined) throw new Error(`no fault "${fault}": ${Object.keys(faults).join(', ')}`);
    const stage = await rehearseExchange(exchange, template, room, host);
    const { tried, finished, findings } = await failEverywhere(stage, plan);
    const points = stage.points.length;
    console.log(`${exchange.name}, ${fault}: ${points} points, ${tried} tried, ${findings.length} findings`);
    for (const finding of findings) console.log(`  ${finding}`);
    if (findings.length > 0) process.exitCode = 1;
    rows.push({ command: exchange.name, fault, points, tried, finished, findings: findings.length, build });
    if (values.record) writeRows(rows);
  }
} finally {
  await host.close();
  rmSync(room, { recursive: true, force: true });
}

async function failEverywhere(stage: ExchangeStage, plan: Partial<FaultPlan>) {
  const waiting = stage.points.map((point, at) => ({ point, at })).filter(({ at }) => at % every === 0);
  const findings: string[] = [];
  const tried = waiting.length;
  let finished = 0;
  const work = async (): Promise<void> => {
    for (let trial = waiting.shift(); trial; trial = waiting.shift()) {
      const verdict = await tryExchange(stage, { ...plan, at: trial.at });
      if (verdict.finished) finished++;
      for (const finding of verdict.findings) findings.push(`${trial.at} ${trial.point}: ${finding}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return { tried, finished, findings };
}
