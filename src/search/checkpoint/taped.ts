/** Owns the seam between a strategy and its evaluations: problems and rankings whose every result goes through a tape. */
import type { Engine } from '../../engine/engine.js';
import type { Flip } from '../../patch/flip.js';
import type { Fitness, FitnessValue, PreparedFitness, Screen } from '../fitness.js';
import type { Ranking } from '../ranking.js';
import type { SearchProblem } from '../strategy.js';
import { createTape, type Tape, type TapeEntry } from './tape.js';

/** A search that can be continued. */
export interface TapedSearch {
  /** The problem to give to a strategy. */
  readonly problem: SearchProblem;
  /** Makes the results of a ranking go through the tape; without this they are computed again when a search is continued. */
  ranking(ranking: Ranking): Ranking;
  readonly tape: Tape;
}

/**
 * Puts a tape under a problem. The strategy then gives the same result as it does on the problem itself, whatever part of
 * the tape was recorded before; `onRecord` is told after every new entry.
 */
export function tapeSearch(
  problem: SearchProblem,
  recorded: readonly TapeEntry[],
  onRecord: (entries: readonly TapeEntry[]) => void,
): TapedSearch {
  const now = problem.now ?? (() => performance.now());
  const tape = createTape(recorded, { tokens: () => problem.engine.tokensEvaluated, now }, onRecord);
  const engine = tapedEngine(problem.engine, tape);
  return {
    problem: { ...problem, engine, fitness: tapedFitness(problem.fitness, problem.engine, tape), now: tape.elapsedMs },
    ranking: (ranking) => tapedRanking(ranking, tape),
    tape,
  };
}

/** Only what is asked of the weights as they are is taped; the rest goes to the engine. */
function tapedEngine(engine: Engine, tape: Tape): Engine {
  return {
    config: engine.config,
    tokenizer: engine.tokenizer,
    threads: engine.threads,
    tensors: engine.tensors,
    get tokensEvaluated() {
      return tape.tokens();
    },
    scales: (tensor, invertedBit) => engine.scales(tensor, invertedBit),
    toggle(flips) {
      const list = [...flips];
      engine.toggle(list);
      for (const flip of list) tape.toggled(flip);
    },
    prepare: (sequences) => engine.prepare(sequences),
    withEffects: (...asked) => engine.withEffects(...asked),
    generate: (prompts, options) => tape.take('generate', () => engine.generate(prompts, options)),
    lastLogits: (prompts) => engine.lastLogits(prompts),
    dispose: () => engine.dispose(),
  };
}

function tapedFitness(fitness: Fitness, engine: Engine, tape: Tape): Fitness {
  return {
    name: fitness.name,
    settings: fitness.settings,
    prepare: (_taped, probes, controls) => {
      // The reference is laid out anew in any case: no tape holds it.
      let prepared: PreparedFitness | undefined;
      const layOut = (): PreparedFitness => (prepared ??= fitness.prepare(engine, probes, controls));
      tape.take(
        'prepare',
        () => layOut().start,
        ({ objective, perProbe }) => objective === layOut().start.objective && same(perProbe, layOut().start.perProbe),
      );
      return tapedEvaluations(layOut(), engine, tape);
    },
  };
}

function tapedEvaluations(prepared: PreparedFitness, engine: Engine, tape: Tape): PreparedFitness {
  let kept = tape.mark();
  let disposed = false;
  const screens = new Set<LateScreen>();
  tape.onLive(() => {
    if (disposed) return;
    const flips = tape.since(kept);
    withoutFlips(engine, flips, () => {
      prepared.keep();
      for (const screen of screens) screen.make();
    });
    // What was just evaluated is cheaper to keep.
    if (flips.length > 0) prepared.evaluate();
  });
  return {
    start: prepared.start,
    tokenCount: prepared.tokenCount,
    evaluate: () => tape.take('evaluate', () => prepared.evaluate()),
    evaluateAbove: (bar) => tape.take<FitnessValue | undefined>('evaluateAbove', () => prepared.evaluateAbove(bar)),
    keep() {
      tape.take('keep', () => void prepared.keep());
      kept = tape.mark();
    },
    strata: prepared.strata,
    scores: (perProbe) => prepared.scores(perProbe),
    respond: (perProbe) => prepared.respond(perProbe),
    visitEffects: (scope, visit) => prepared.visitEffects(scope, visit),
    screen(probes) {
      const screen = lateScreen(() => prepared.screen(probes), tape);
      screens.add(screen);
      return { ...screen.face, dispose: () => void (screens.delete(screen), screen.face.dispose()) };
    },
    dispose() {
      disposed = true;
      prepared.dispose();
    },
  };
}

const same = (a: Float64Array, b: Float64Array): boolean =>
  a.length === b.length && a.every((value, i) => Object.is(value, b[i]));

/** Runs an action without some of the flips in effect. */
function withoutFlips(engine: Engine, flips: readonly Flip[], action: () => void): void {
  engine.toggle(flips);
  try {
    action();
  } finally {
    engine.toggle(flips);
  }
}

/** A screen that is laid out only once its scores are no longer on the tape. */
interface LateScreen {
  readonly face: Screen;
  make(): void;
}

function lateScreen(layOut: () => Screen, tape: Tape): LateScreen {
  let screen: Screen | undefined;
  const made = (): Screen => (screen ??= layOut());
  return {
    face: {
      start: tape.take('screen', () => made().start),
      score: () => tape.take('score', () => made().score()),
      dispose: () => screen?.dispose(),
    },
    make: () => void made(),
  };
}

function tapedRanking(ranking: Ranking, tape: Tape): Ranking {
  return {
    name: ranking.name,
    settings: ranking.settings,
    rank: (asked) => tape.take('rank', () => ranking.rank(asked)),
  };
}
