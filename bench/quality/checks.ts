/** Owns the checks that can be asked for: what each runs, and the bars that it is held against. */
import { bytesSource, type Engine, openEngine } from '../../src/index.js';
import { nothing, type SuiteName, suites } from './bars.js';
import { compareCompute, computeBars, type ComputeRun, describeCompute } from './compute.js';
import { type Findings, type Pair, pairs, searchOn } from './found.js';
import { describeLlama, llamaBars, type LlamaRun, openLlamaRoom, type Patches } from './llama.js';
import { modelBytes, probesOf, shuffleWeights, swapLabels } from './model.js';
import { describeRun, type Run, runner } from './run.js';
import { describeStack, foldedStackRunner, stackBars, type StackRun, stackRunner } from './stacks.js';
import { type Bar, judge, type Verdict } from './verdict.js';

/** What checks work with. */
export interface Bench {
  /** The shipped model; every check leaves it as it was found. */
  readonly engine: Engine;
  readonly threads: number;
  readonly seeds: readonly number[];
  readonly chosen: readonly SuiteName[];
  /** Folds of the probes themselves that judge stacks in place of the held-out problems; 0: none do. */
  readonly folds: number;
  readonly found: Findings;
  print(line: string): void;
}

/** What one check came to: plain data. */
export interface Report {
  readonly check: string;
  readonly subject: string;
  readonly runs: readonly (Run | StackRun | ComputeRun | LlamaRun)[];
  readonly verdicts: readonly Verdict[];
  readonly moonshots?: readonly Verdict[];
}

export const checks = {
  search: (bench) =>
    eachSuite('search', bench, async (run, name, seed) => {
      const found = await bench.found.single(name, seed);
      return run(bench.engine)({ ...suites[name], found, seed });
    }),
  async *stacks(bench) {
    const { engine, folds, found } = bench;
    const run = folds > 0 ? foldedStackRunner(engine, folds) : stackRunner(engine, found);
    const judges = folds > 0 ? `what ${folds} folds leave out` : 'held-out problems';
    for (const [name, pair] of pairsOf(bench)) {
      bench.print(`stacks: ${pair.join(' and ')}; net gains on ${judges}`);
      const runs = await eachSeed(bench, (seed) => run(pair, seed), describeStack);
      yield { check: 'stacks', subject: name, runs, verdicts: judgeAll(stackBars, runs) };
    }
  },
  labels: (bench) =>
    eachSuite('labels', bench, async (run, name, seed) => {
      const found = await searchOn(bench.engine, swapLabels(probesOf(name), seed), seed);
      return run(bench.engine)({ ...suites[name], found, seed });
    }),
  weights: (bench) =>
    eachSuite('weights', bench, async (_, name, seed) => {
      const shuffled = shuffleWeights(modelBytes(), seed);
      const engine = await openEngine(bytesSource(shuffled), { threads: bench.threads });
      try {
        return await runner(engine)({ ...suites[name], found: await searchOn(engine, probesOf(name), seed), seed });
      } finally {
        await engine.dispose();
      }
    }),
  async *compute(bench) {
    for (const name of bench.chosen) {
      bench.print(`compute: ${name} (${probesOf(name).length} probes)`);
      const runs = await eachSeed(bench, (seed) => compareCompute(bench.engine, name, seed), describeCompute);
      yield { check: 'compute', subject: name, runs, verdicts: judgeAll(computeBars, runs) };
    }
  },
  async *llama(bench) {
    for (const seed of bench.seeds) {
      bench.print(`llama: seed ${seed}, every problem put to llama.cpp with the exported model`);
      const room = await openLlamaRoom(bench.engine);
      const runs: LlamaRun[] = [];
      try {
        for await (const state of statesOf(bench, seed)) {
          const some = await room.compare(state, ['calculus-heldout', 'arithmetic-heldout']);
          some.forEach((run) => bench.print(`  ${describeLlama(run)}`));
          runs.push(...some);
        }
      } finally {
        room.close();
      }
      yield { check: 'llama', subject: `seed ${seed}`, runs, verdicts: judgeAll(llamaBars, runs) };
    }
  },
} as const satisfies Record<string, (bench: Bench) => AsyncIterable<Report>>;

export type Check = keyof typeof checks;

/** Runs one search on every chosen suite at every seed; only honest searches are held against the suites' own bars. */
async function* eachSuite(
  check: 'search' | 'labels' | 'weights',
  bench: Bench,
  runOne: (run: typeof runner, name: SuiteName, seed: number) => Promise<Run>,
): AsyncGenerator<Report> {
  const runners = new Map<Engine, ReturnType<typeof runner>>();
  const once = (engine: Engine): ReturnType<typeof runner> => {
    const known = runners.get(engine) ?? runner(engine);
    runners.set(engine, known);
    return known;
  };
  for (const name of bench.chosen) {
    const { heldOut, bars, moonshot } = suites[name];
    bench.print(`${check}: ${name} (${probesOf(name).length} probes), judged on ${heldOut}`);
    const runs = await eachSeed(bench, (seed) => runOne(once, name, seed), describeRun);
    const real = check === 'search';
    yield {
      ...{ check, subject: name, runs },
      verdicts: judgeAll(real ? bars : nothing, runs),
      ...(real && { moonshots: judgeAll(moonshot, runs) }),
    };
  }
}

async function eachSeed<Of>(
  { seeds, print }: Bench,
  run: (seed: number) => Promise<Of>,
  describe: (run: Of) => string,
): Promise<Of[]> {
  const runs: Of[] = [];
  for (const seed of seeds) {
    const one = await run(seed);
    print(`  ${describe(one)}`);
    runs.push(one);
  }
  return runs;
}

const judgeAll = <Of>(bars: readonly Bar<Of>[], runs: readonly Of[]): Verdict[] => bars.map((bar) => judge(bar, runs));

/** The pairs whose two suites are both chosen. */
const pairsOf = ({ chosen }: Bench): [string, Pair][] =>
  Object.entries(pairs).filter(([, pair]) => pair.every((name) => chosen.includes(name)));

/** The states whose answers are compared with llama.cpp's: the base, and whatever the searches found. */
async function* statesOf(bench: Bench, seed: number): AsyncGenerator<Patches> {
  const { chosen, found } = bench;
  yield {};
  for (const name of chosen) yield { [name]: (await found.single(name, seed)).flips };
  for (const [stack, pair] of pairsOf(bench)) {
    const both: Patches = {};
    for (const name of pair) Object.assign(both, { [name]: (await found.single(name, seed)).flips });
    yield both;
    yield { [stack.replace('stack', 'joint')]: (await found.joint(pair, seed)).flips };
    yield { ...both, [stack.replace('stack', 'repair')]: (await found.repair(pair, seed)).flips };
    const first = { [pair[0]]: (await found.single(pair[0], seed)).flips };
    yield { ...first, [stack.replace('stack', 'in-turn')]: (await found.inTurn(pair, seed)).flips };
  }
}
