/**
 * Says whether the search keeps its promises on the shipped model: what its patches do to problems that it never saw, at
 * several seeds, and that it finds nothing where there is nothing to find. `npm run bench:quality -- [--seeds 1,2,3,4,5]
 * [--only calculus,arithmetic-large] [--checks search,stacks,labels,weights,compute,llama] [--folds 0] [--threads 2] [--json]`.
 * Exits with 1 when a bar is missed. It searches with default settings.
 *
 * search: searches as they should be. stacks: two patches in one model, stacked, searched jointly, mended on top, in turn;
 * with `--folds 3` judged by the probes themselves, each in the fold that leaves it out, which are more than the held-out ones.
 * labels: correct and wrong answers swapped in half of the probes. weights: the model's blocks in random order. compute:
 * what it takes to pass the fitness that greedy reaches. llama: the same counts in llama.cpp, from the exported GGUF.
 */
import { parseArgs } from 'node:util';
import { bytesSource, openEngine } from '../src/index.js';
import { type SuiteName, suites } from './quality/bars.js';
import { type Bench, type Check, checks, type Report } from './quality/checks.js';
import { findings } from './quality/found.js';
import { modelBytes } from './quality/model.js';
import { formatVerdict, isMissed } from './quality/verdict.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3,4,5' },
    only: { type: 'string', default: Object.keys(suites).join() },
    checks: { type: 'string', default: Object.keys(checks).join() },
    folds: { type: 'string', default: '0' },
    threads: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});

/** Names from a list, each of which must be known. */
function named<Name extends string>(list: string, known: Readonly<Record<Name, unknown>>, flag: string): Name[] {
  const names = list.split(',');
  const unknown = names.find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) throw new Error(`--${flag} takes ${Object.keys(known).join(', ')}, not ${unknown}`);
  return names as Name[];
}

const threads = Number(values.threads);
const print = (line: string): void => void (values.json || console.log(line));
const engine = await openEngine(bytesSource(modelBytes()), { threads });
const bench: Bench = {
  ...{ engine, threads, print },
  folds: Number(values.folds),
  seeds: values.seeds.split(',').map(Number),
  chosen: named<SuiteName>(values.only, suites, 'only'),
  found: findings(engine),
};

const reports: Report[] = [];
for (const check of named<Check>(values.checks, checks, 'checks')) {
  const reported: AsyncIterable<Report> = checks[check](bench);
  for await (const report of reported) {
    report.verdicts.forEach((verdict) => print(`  ${formatVerdict(verdict)}`));
    report.moonshots?.forEach((verdict) => print(`  ${formatVerdict(verdict, 'moonshot reached', 'moonshot missed')}`));
    reports.push(report);
  }
}
await engine.dispose();
const missed = reports.flatMap(({ verdicts }) => verdicts).filter(isMissed).length;
print(missed === 0 ? 'Every bar was reached.' : `${missed} bars were missed.`);
if (values.json) console.log(JSON.stringify({ seeds: bench.seeds, reports, missed }, null, 2));
process.exitCode = missed === 0 ? 0 : 1;
