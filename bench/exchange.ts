/**
 * Kills the real program in the middle of exchanges with a git host and a registry, at every change of the disk that each
 * command makes. Run as `node dist/bench/exchange.js [--every N] [--only COMMAND] [--record]`. With `--record` the result is
 * written into docs/DURABILITY.md. Exits with 1 when anything was half there, or could not be finished.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  exchanges,
  type ExchangeStage,
  makeExchangeTemplate,
  rehearseExchange,
  tryExchange,
} from '../test/faults/exchange.js';
import { startGitHost } from '../test/transport/git-server.js';

const { values } = parseArgs({
  options: {
    every: { type: 'string', default: '1' },
    only: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});
const every = Number(values.every);
const [START, END] = ['<!-- exchanges -->', '<!-- end of exchanges -->'];

const room = mkdtempSync(join(tmpdir(), 'bankai-exchange-'));
const host = await startGitHost(room);
const rows: string[] = [];
let total = 0;
try {
  const template = join(room, 'template');
  await makeExchangeTemplate(template);
  for (const exchange of exchanges.filter(({ name }) => values.only === undefined || name === values.only)) {
    const stage = await rehearseExchange(exchange, template, room, host);
    const { tried, finished, findings } = await killEverywhere(stage);
    total += tried;
    console.log(`${exchange.name}: ${stage.points.length} points, ${tried} tried, ${findings.length} findings`);
    for (const finding of findings) console.log(`  ${finding}`);
    if (findings.length > 0) process.exitCode = 1;
    rows.push(`| ${exchange.name} | ${stage.points.length} | ${tried} | ${finished} | ${findings.length} |`);
  }
  if (values.record) record();
} finally {
  await host.close();
  rmSync(room, { recursive: true, force: true });
}

async function killEverywhere(stage: ExchangeStage) {
  const waiting = stage.points.map((point, at) => ({ point, at })).filter(({ at }) => at % every === 0);
  const findings: string[] = [];
  const tried = waiting.length;
  let finished = 0;
  const work = async (): Promise<void> => {
    for (let trial = waiting.shift(); trial; trial = waiting.shift()) {
      const verdict = await tryExchange(stage, { kind: 'kill', at: trial.at });
      if (verdict.finished) finished++;
      for (const finding of verdict.findings) findings.push(`${trial.at} ${trial.point}: ${finding}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return { tried, finished, findings };
}

function record(): void {
  const path = fileURLToPath(new URL('../../docs/DURABILITY.md', import.meta.url));
  const text = readFileSync(path, 'utf8');
  const where = every === 1 ? 'every point' : `one point in ${every}`;
  const lines = [
    `${text.slice(0, text.indexOf(START))}${START}`,
    '',
    `Last run: ${new Date().toISOString().slice(0, 10)}, ${total} trials, SIGKILL at ${where}.`,
    '',
    '| command | points | tried | was done already | findings |',
    '| --- | --: | --: | --: | --: |',
    ...rows,
    '',
    text.slice(text.indexOf(END)),
  ];
  writeFileSync(path, lines.join('\n'));
}
