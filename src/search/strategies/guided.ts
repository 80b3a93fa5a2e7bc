/**
 * Owns the guided search: score every row of the model at once by its first-order effect, flip the best ones together,
 * halve their number until the fitness rises, and begin again.
 *
 * Of larger sets some probes are held back. The search never follows their slope; it stops when the answers to them, given by
 * greedy generation, have not become better for a while, and returns the state in which they were best.
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
  /** The part of the probes that is held back. */
  heldBack: number;
  /** Of sets smaller than this none is: a few answers tell less than the search loses with their probes. */
  heldBackFrom: number;
  /** Rounds without better answers on the held-back probes after which the search ends. */
  patience: number;
}

/** Makes the strategy `guided`. */
export function guided({
  ranking = lowerBound(),
  step = 8,
  heldBack = 0.25,
  heldBackFrom = 100,
  patience = 4,
}: Partial<GuidedSettings> = {}): Strategy {
  const settings = { ranking, step, heldBack, heldBackFrom, patience };
  const part: SearchPart = { name: 'guided', settings: { step, heldBack, heldBackFrom, patience } };
  return { ...part, search: (problem) => follow(problem, part, settings) };
}

/** Where a search stands after a round. */
interface Position {
  readonly value: FitnessValue;
  /** What is flipped on balance, in canonical order. */
  readonly flips: readonly Flip[];
  readonly history: readonly SearchStep[];
  /** Right answers among the held-back probes. */
  readonly rightHeldBack: number;
}

async function follow(problem: SearchProblem, strategy: SearchPart, settings: GuidedSettings): Promise<SearchResult> {
  const { engine, acceptance = rising(), budget, seed, onProgress, signal } = problem;
  const now = problem.now ?? (() => performance.now());
  const startMs = now();
  const startTokens = engine.tokensEvaluated;
  const share = problem.probes.length < settings.heldBackFrom ? 0 : settings.heldBack;
  const { searched, heldBack } = splitProbes(problem.probes, share, seed);
  const fitness = problem.fitness.prepare(engine, searched, problem.controls);
  let iterations = 0;
  let position: Position = { value: fitness.start, flips: [], history: [], rightHeldBack: 0 };
  let best = position;
  let roundsSinceBest = 0;

  const spent = (): Spent => ({ iterations, flips: position.flips.length, elapsedMs: now() - startMs });
  const evaluations = (): number => (engine.tokensEvaluated - startTokens) / fitness.tokenCount;

  try {
    position = { ...position, rightHeldBack: await countRight(engine, heldBack) };
    best = position;
    let stoppedBy: StopReason | undefined;
    for (;;) {
      stoppedBy = signal?.aborted ? 'interrupted' : limitReached(budget, spent());
      if (stoppedBy) break;
      const ranked = settings.ranking.rank(fitness.effects()).map(({ flip }) => flip);
      const room = Math.max(0, (budget.flips ?? Infinity) - position.flips.length);
      const tried = tryBest(engine, ranked.slice(0, Math.min(settings.step, room)), () =>
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
      const rightHeldBack = await countRight(engine, heldBack);
      position = { ...position, rightHeldBack };
      if (heldBack.length > 0) {
        const judged = steps.map((step) => ({ ...step, heldBackRight: rightHeldBack }));
        position = { ...position, history: [...history.slice(0, -steps.length), ...judged] };
      }
      roundsSinceBest += 1;
      if (isBetter(position, best, heldBack.length)) {
        best = position;
        roundsSinceBest = 0;
      }
      onProgress?.({
        ...spent(),
        accepted: history.length,
        evaluations: evaluations(),
        objective: value.objective,
        gain: value.objective - fitness.start.objective,
        secondsLeft: secondsLeft(budget, spent()),
      });
      if (roundsSinceBest >= settings.patience) {
        stoppedBy = 'held-back';
        break;
      }
      await nextTurn();
    }
    return {
      ...spent(),
      flips: best.flips,
      accepted: best.history.length,
      evaluations: evaluations(),
      objectiveBefore: fitness.start.objective,
      objectiveAfter: best.value.objective,
      stoppedBy,
      history: best.history,
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

/** Flips the most promising flips together, halving their number until `evaluate` gives a value; leaves those flipped. */
function tryBest(engine: Engine, flips: readonly Flip[], evaluate: () => FitnessValue | undefined): Tried {
  let evaluated = 0;
  for (let count = flips.length; count >= 1; count = Math.floor(count / 2)) {
    const chosen = flips.slice(0, count);
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
  return { evaluated };
}

/** More right answers on the held-back probes; where there are none, whatever raised the objective. */
function isBetter(position: Position, best: Position, heldBackCount: number): boolean {
  if (heldBackCount === 0) return true;
  if (position.rightHeldBack !== best.rightHeldBack) return position.rightHeldBack > best.rightHeldBack;
  return false;
}

async function countRight(engine: Engine, probes: readonly Probe[]): Promise<number> {
  if (probes.length === 0) return 0;
  return (await answerProbes(engine, probes)).filter(({ correct }) => correct).length;
}
