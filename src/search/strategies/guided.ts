/**
 * Owns the guided search: score every row of the model at once by its first-order effect, flip the best ones together,
 * halve their number until the fitness rises, and begin again.
 *
 * Of larger sets some probes are held back. The search never follows their slope; it stops when the answers to them, given
 * by greedy generation, have been worse than at their best for a while, and returns the last state in which they were not.
 * Worse means by more than chance would have it: a few dozen answers go up and down by some.
 */
import type { Engine } from '../../engine/engine.js';
import type { Flip } from '../../patch/flip.js';
import { maskFlips, maskOf } from '../../patch/mask.js';
import { rising } from '../acceptance.js';
import { answerProbes } from '../evaluate.js';
import { nextTurn } from '../event-loop.js';
import type { FitnessValue } from '../fitness.js';
import { splitProbes } from '../hold-back.js';
import type { Probe } from '../probes.js';
import { lowerBound, type Ranking } from '../ranking.js';
import { limitReached, secondsLeft, type Spent, type StopReason } from '../stopping.js';
import {
  nameAndSettings,
  type SearchPart,
  type SearchProblem,
  type SearchResult,
  type SearchStep,
  type Strategy,
} from '../strategy.js';

export interface GuidedSettings {
  ranking: Ranking;
  /** Rows flipped at once at first. */
  step: number;
  /** How many times as many are looked at, one `step` after the other, before the search is exhausted. */
  depth: number;
  /** The part of the probes that is held back. */
  heldBack: number;
  /** Of sets smaller than this none is: a few answers tell less than the search loses with their probes. */
  heldBackFrom: number;
  /** Rounds with worse answers on the held-back probes after which the search ends. */
  patience: number;
  /** Flips in the result, where the budget says nothing: 85 of rows are a KiB in compact form. */
  mostFlips: number;
}

/** Makes the strategy `guided`. */
export function guided({
  ranking = lowerBound(),
  step = 8,
  depth = 8,
  heldBack = 0.25,
  heldBackFrom = 100,
  patience = 8,
  mostFlips = 85,
}: Partial<GuidedSettings> = {}): Strategy {
  const numbers = { step, depth, heldBack, heldBackFrom, patience, mostFlips };
  const settings = { ranking, ...numbers };
  const part: SearchPart = { name: 'guided', settings: numbers };
  return { ...part, search: (problem) => follow(problem, part, settings) };
}

/** Where a search stands after a round. */
interface Position {
  readonly value: FitnessValue;
  /** What is flipped on balance, in canonical order. */
  readonly flips: readonly Flip[];
  readonly history: readonly SearchStep[];
  /** Whether each held-back probe is answered right. */
  readonly heldBackRight: readonly boolean[];
}

async function follow(problem: SearchProblem, strategy: SearchPart, settings: GuidedSettings): Promise<SearchResult> {
  const { engine, acceptance = rising(), budget, seed, onProgress, signal } = problem;
  const now = problem.now ?? (() => performance.now());
  const limits = { ...budget, flips: budget.flips ?? settings.mostFlips };
  const startMs = now();
  const startTokens = engine.tokensEvaluated;
  const share = problem.probes.length < settings.heldBackFrom ? 0 : settings.heldBack;
  const { searched, heldBack } = splitProbes(problem.probes, share, seed);
  const fitness = problem.fitness.prepare(engine, searched, problem.controls);
  let iterations = 0;
  let position: Position = { value: fitness.start, flips: [], history: [], heldBackRight: [] };
  /** Where the held-back answers were best. */
  let peak = position;
  /** The last state that was not worse than the peak: the result. */
  let kept = position;
  let roundsSinceKept = 0;

  const spent = (): Spent => ({ iterations, flips: position.flips.length, elapsedMs: now() - startMs });
  const evaluations = (): number => (engine.tokensEvaluated - startTokens) / fitness.tokenCount;

  try {
    position = { ...position, heldBackRight: await answersRight(engine, heldBack) };
    peak = kept = position;
    let stoppedBy: StopReason | undefined;
    for (;;) {
      stoppedBy = signal?.aborted ? 'interrupted' : limitReached(limits, spent());
      if (stoppedBy) break;
      const ranked = settings.ranking.rank(fitness.effects()).map(({ flip }) => flip);
      const room = Math.max(0, limits.flips - position.flips.length);
      const tried = tryBest(engine, ranked, { ...settings, step: Math.min(settings.step, room) }, () =>
        fitness.evaluateAbove(acceptance.bar(position.value)),
      );
      iterations += tried.evaluated;
      if (!tried.accepted) {
        stoppedBy = 'exhausted';
        break;
      }
      const { flips, value } = tried.accepted;
      fitness.keep();
      const steps = flips.map((flip): SearchStep => ({ iteration: iterations, flip, objective: value.objective }));
      const history = [...position.history, ...steps];
      // What is flipped must be known before anything else can fail, to be taken back in the end.
      position = { ...position, value, history, flips: maskFlips(maskOf(history.map(({ flip }) => flip))) };
      const heldBackRight = await answersRight(engine, heldBack);
      position = { ...position, heldBackRight };
      if (heldBack.length > 0) {
        const judged = steps.map((step) => ({ ...step, heldBackRight: countRight(position) }));
        position = { ...position, history: [...history.slice(0, -steps.length), ...judged] };
      }
      if (countRight(position) > countRight(peak)) peak = position;
      roundsSinceKept += 1;
      if (!isWorse(position, peak)) {
        kept = position;
        roundsSinceKept = 0;
      }
      onProgress?.({
        ...spent(),
        accepted: history.length,
        evaluations: evaluations(),
        objective: value.objective,
        gain: value.objective - fitness.start.objective,
        secondsLeft: secondsLeft(limits, spent()),
      });
      if (roundsSinceKept >= settings.patience) {
        stoppedBy = 'held-back';
        break;
      }
      await nextTurn();
    }
    return {
      ...spent(),
      flips: kept.flips,
      accepted: kept.history.length,
      evaluations: evaluations(),
      objectiveBefore: fitness.start.objective,
      objectiveAfter: kept.value.objective,
      stoppedBy,
      history: kept.history,
      method: {
        strategy,
        fitness: nameAndSettings(problem.fitness),
        parts: { ranking: nameAndSettings(settings.ranking), acceptance: nameAndSettings(acceptance) },
        seed,
        budget,
      },
    };
  } finally {
    engine.toggle(position.flips);
    fitness.dispose();
  }
}

interface Tried {
  /** Evaluations that it took. */
  readonly evaluated: number;
  readonly accepted?: { readonly flips: readonly Flip[]; readonly value: FitnessValue };
}

/**
 * Flips the `step` most promising flips together, halving their number until `evaluate` gives a value; leaves those
 * flipped. Where not even one does alone, goes on with the next ones, up to `depth` times: a first-order effect may be
 * wrong about a flip, and the others should not suffer for it.
 */
function tryBest(
  engine: Engine,
  flips: readonly Flip[],
  { step, depth }: Pick<GuidedSettings, 'step' | 'depth'>,
  evaluate: () => FitnessValue | undefined,
): Tried {
  let evaluated = 0;
  for (let first = 0; first < Math.min(flips.length, depth * step); first += step) {
    const next = flips.slice(first, first + step);
    for (let count = next.length; count >= 1; count = Math.floor(count / 2)) {
      const chosen = next.slice(0, count);
      let value: FitnessValue | undefined;
      engine.toggle(chosen);
      evaluated += 1;
      try {
        value = evaluate();
      } finally {
        if (!value) engine.toggle(chosen);
      }
      if (value) return { evaluated, accepted: { flips: chosen, value } };
    }
  }
  return { evaluated };
}

const countRight = ({ heldBackRight }: Position): number => heldBackRight.filter((right) => right).length;

/** Whether the held-back answers are worse than at the peak, by more than two standard deviations of as many coin tosses. */
function isWorse(position: Position, peak: Position): boolean {
  const changed = position.heldBackRight.filter((right, probe) => right !== peak.heldBackRight[probe]).length;
  return countRight(peak) - countRight(position) > 2 * Math.sqrt(changed);
}

async function answersRight(engine: Engine, probes: readonly Probe[]): Promise<boolean[]> {
  if (probes.length === 0) return [];
  return (await answerProbes(engine, probes)).map(({ correct }) => correct);
}
