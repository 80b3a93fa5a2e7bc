/**
 * Owns the published hill climb: draw a candidate, flip it, look at the worst probes first and at the whole if they do
 * not lose, keep it if the objective rises.
 */
import type { Engine } from '../../engine/engine.js';
import type { Flip } from '../../patch/flip.js';
import { maskFlips, maskOf } from '../../patch/mask.js';
import { type Acceptance, rising } from '../acceptance.js';
import { type CandidateSource, scaleWeightedRows } from '../candidates.js';
import { nextTurn } from '../event-loop.js';
import type { FitnessValue, PreparedFitness } from '../fitness.js';
import { seededRandom } from '../random.js';
import { type Screening, type ScreeningSettings, startScreening } from '../screening.js';
import { limitReached, secondsLeft, type Spent, type StopReason } from '../stopping.js';
import {
  nameAndSettings,
  type SearchPart,
  type SearchProblem,
  type SearchResult,
  type SearchStep,
  type Strategy,
} from '../strategy.js';

export interface GreedySettings extends ScreeningSettings {
  /** Where flips come from: `scaleWeightedRows` unless given. */
  candidates: (engine: Engine) => CandidateSource;
}

/** Makes the strategy `greedy`; it screens on the worst quarter of the probes, at least 8, unless told otherwise. */
export function greedy({
  candidates = (engine) => scaleWeightedRows(engine),
  share = 0.25,
  minimum = 8,
}: Partial<GreedySettings> = {}): Strategy {
  const settings = { share, minimum };
  const part: SearchPart = { name: 'greedy', settings };
  return { ...part, search: (problem) => climb(problem, part, settings, candidates(problem.engine)) };
}

async function climb(
  problem: SearchProblem,
  strategy: SearchPart,
  screeningSettings: ScreeningSettings,
  candidates: CandidateSource,
): Promise<SearchResult> {
  const { engine, acceptance = rising(), budget, seed, onProgress, signal } = problem;
  const now = problem.now ?? (() => performance.now());
  const startMs = now();
  const startTokens = engine.tokensEvaluated;
  const random = seededRandom(seed);
  const fitness = problem.fitness.prepare(engine, problem.probes, problem.controls);
  const screening = startScreening(fitness, fitness.start, screeningSettings);
  const position: Position = { value: fitness.start, flips: [], iterations: 0, history: [], rejected: new Set() };

  const spent = (): Spent => ({
    iterations: position.iterations,
    flips: position.flips.length,
    elapsedMs: now() - startMs,
  });
  const account = () => ({
    accepted: position.history.length,
    evaluations: (engine.tokensEvaluated - startTokens) / fitness.tokenCount,
  });

  function stopReason(): StopReason | undefined {
    if (signal?.aborted) return 'interrupted';
    return limitReached(budget, spent()) ?? (position.rejected.size >= candidates.size ? 'exhausted' : undefined);
  }

  try {
    let stoppedBy: StopReason | undefined;
    while ((stoppedBy = stopReason()) === undefined) {
      step(position, candidates.next(random), { engine, fitness, screening, acceptance });
      onProgress?.({
        ...account(),
        ...spent(),
        objective: position.value.objective,
        gain: position.value.objective - fitness.start.objective,
        secondsLeft: secondsLeft(budget, spent()),
      });
      await nextTurn();
    }
    return {
      ...account(),
      ...spent(),
      flips: position.flips,
      objectiveBefore: fitness.start.objective,
      objectiveAfter: position.value.objective,
      stoppedBy,
      history: position.history,
      method: {
        strategy,
        fitness: nameAndSettings(problem.fitness),
        parts: { candidates: nameAndSettings(candidates), acceptance: nameAndSettings(acceptance) },
        seed,
        budget,
      },
    };
  } finally {
    engine.toggle(position.history.map((accepted) => accepted.flip));
    screening.dispose();
    fitness.dispose();
  }
}

/** Where a climb stands. */
interface Position {
  value: FitnessValue;
  /** What is flipped on balance, in canonical order. */
  flips: Flip[];
  iterations: number;
  readonly history: SearchStep[];
  /** Candidates known not to help from here: to try them again would give the same. */
  rejected: Set<string>;
}

interface Tools {
  engine: Engine;
  fitness: PreparedFitness;
  screening: Screening;
  acceptance: Acceptance;
}

/** Tries one candidate, and moves the position if it is accepted. */
function step(position: Position, flip: Flip, { engine, fitness, screening, acceptance }: Tools): void {
  position.iterations++;
  const key = JSON.stringify(flip);
  if (position.rejected.has(key)) return;
  const value = tryFlip(engine, flip, () =>
    screening.passes() ? fitness.evaluateAbove(acceptance.bar(position.value)) : undefined,
  );
  if (value === undefined) {
    position.rejected.add(key);
    return;
  }
  position.history.push({ iteration: position.iterations, flip, objective: value.objective });
  position.value = value;
  position.flips = maskFlips(maskOf(position.history.map((accepted) => accepted.flip)));
  // Anything may help from here, except taking this very flip back.
  position.rejected = new Set([key]);
  fitness.keep();
  screening.follow(value);
}

/** Leaves the flip in effect only if `evaluate` gives a value for it. */
function tryFlip(engine: Engine, flip: Flip, evaluate: () => FitnessValue | undefined): FitnessValue | undefined {
  let value: FitnessValue | undefined;
  engine.toggle([flip]);
  try {
    value = evaluate();
    return value;
  } finally {
    if (value === undefined) engine.toggle([flip]);
  }
}
