/**
 * Says whether the search keeps its promises on the shipped model: what its patches do to problems that it never saw, at
 * several seeds, and that it finds nothing where there is nothing to find. `node dist/bench/quality.js [--seeds 1,2,3,4,5]
 * [--only calculus,arithmetic-large] [--checks search,labels,weights] [--threads 2] [--json]`.
 * Exits with 1 when a bar is missed. It uses the public API with default settings.
 *
 * search: searches as they should be. labels: correct and wrong answers swapped in half of the probes. weights: the model's
 * blocks in random order.
 */
import { parseArgs } from 'node:util';
import { bytesSource, openEngine } from '../src/index.js';
import { formatChange, formatProbability, threeDigits } from '../src/render/number.js';
import { type Bar, nothing, type SuiteName, suites } from './quality/bars.js';
import { modelBytes, probesOf, shuffleWeights, swapLabels } from './quality/model.js';
import { type Run, runner } from './quality/run.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3,4,5' },
    only: { type: 'string', default: Object.keys(suites).join() },
    checks: { type: 'string', default: 'search,labels,weights' },
    threads: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});

const seeds = values.seeds.split(',').map(Number);
const chosen = values.only.split(',').filter((name): name is SuiteName => Object.hasOwn(suites, name));
const print = (line: string): void => void (values.json || console.log(line));

/** One bar over all seeds. */
interface Verdict {
  readonly bar: string;
  readonly reached: number;
  readonly of: number;
  readonly lowest: number;
  readonly highest: number;
}

interface Report {
  readonly check: string;
  readonly probes: SuiteName;
  readonly runs: readonly Run[];
  readonly verdicts: readonly Verdict[];
  readonly moonshots: readonly Verdict[];
}

function judge(bar: Bar, runs: readonly Run[]): Verdict {
  const measured = runs.map((run) => bar.measure(run));
  const reached = measured.filter((value) => bar.reached(value)).length;
  return {
    bar: bar.name,
    reached,
    of: runs.length,
    lowest: Math.min(...measured),
    highest: Math.max(...measured),
  };
}

const short = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(2)));

function describe({ seed, flips, seconds, evaluations, stoppedBy, heldOut, other, knowledge, text }: Run): string {
  const answers = ({ rightBefore, rightAfter, fixed, broke, p }: Run['heldOut']): string =>
    `${rightBefore} → ${rightAfter} (+${fixed} −${broke}, ${formatProbability(p)})`;
  const perplexity = 100 * (text.perplexityAfter / text.perplexityBefore - 1);
  return (
    `  seed ${seed}: ${flips} flips, ${threeDigits(seconds)} s, ${evaluations.toFixed(0)} units, ${stoppedBy}; ` +
    `${answers(heldOut)}; other ${answers(other)}; knowledge ${knowledge.rightAfter}/${knowledge.total}; ` +
    `perplexity ${formatChange(perplexity, 2)} %`
  );
}

function printVerdicts(verdicts: readonly Verdict[], good: string, bad: string): void {
  for (const { bar, reached, of, lowest, highest } of verdicts) {
    const range = lowest === highest ? short(lowest) : `${short(lowest)} to ${short(highest)}`;
    print(`  ${reached === of ? good : bad} ${bar}: ${reached} of ${of} (${range})`);
  }
}

async function runSuite(check: string, name: SuiteName, model: Uint8Array): Promise<Report> {
  const { heldOut, other, bars, moonshot } = suites[name];
  print(`${check}: ${name} (${probesOf(name).length} probes), judged on ${heldOut}`);
  const runs: Run[] = [];
  const open = (bytes: Uint8Array) => openEngine(bytesSource(bytes), { threads: Number(values.threads) });
  const engine = await open(model);
  const run = runner();
  for (const seed of seeds) {
    const probes = check === 'labels' ? swapLabels(probesOf(name), seed) : probesOf(name);
    const request = { probes, heldOut, other, seed };
    if (check === 'weights') {
      const shuffled = await open(shuffleWeights(model, seed));
      runs.push(await runner()({ ...request, engine: shuffled }));
      await shuffled.dispose();
    } else {
      runs.push(await run({ ...request, engine }));
    }
    print(describe(runs[runs.length - 1]));
  }
  await engine.dispose();
  const verdicts = (check === 'search' ? bars : nothing).map((bar) => judge(bar, runs));
  const moonshots = (check === 'search' ? moonshot : []).map((bar) => judge(bar, runs));
  printVerdicts(verdicts, 'pass', 'MISS');
  printVerdicts(moonshots, 'moonshot reached', 'moonshot missed');
  return { check, probes: name, runs, verdicts, moonshots };
}

const reports: Report[] = [];
for (const check of values.checks.split(',')) {
  for (const name of chosen) reports.push(await runSuite(check, name, modelBytes()));
}
const missed = reports.flatMap(({ verdicts }) => verdicts).filter(({ reached, of }) => reached < of).length;
print(missed === 0 ? 'Every bar was reached.' : `${missed} bars were missed.`);
if (values.json) console.log(JSON.stringify({ seeds, reports, missed }, null, 2));
process.exitCode = missed === 0 ? 0 : 1;
