/**
 * Owns the guided search: score every unit of the model at once by its first-order effect, put the best ones to the test,
 * flip those that raise the fitness, and begin again.
 *
 * Of larger sets some probes are held back for a rehearsal. It never follows their slope; it stops when the answers to them,
 * given by greedy generation, have been worse than at their best for a while, and goes back to the last state in which they
 * were not. Worse means by more than chance would have it: a few dozen answers go up and down by some. Then that state is
 * the result, without the flips that do not raise the fitness of the held-back probes: what helps only what it was chosen by
 * has no place. Where the held-back probes have gained no more than by chance, there is nothing to find. But a rehearsal that ends
 * well has shown that what is found so carries over: the search is done again from the start, by all probes.
 */
import { compactSize } from '../../patch/compact.js';
import type { Flip } from '../../patch/flip.js';
import { rising } from '../acceptance.js';
import { nextTurn } from '../event-loop.js';
import type { FitnessValue } from '../fitness.js';
import { splitProbes } from '../hold-back.js';
import { answersRight, countRight, isWorse, leftByJudges } from '../judges.js';
import type { Probe } from '../probes.js';
import { lowerBound, type RankedFlip, type Ranking } from '../ranking.js';
import { makeRoom, type Room, union } from '../room.js';
import { type Budget, limitReached, secondsLeft, type Spent, type StopReason } from '../stopping.js';
import {
  nameAndSettings,
  type SearchPart,
  type SearchProblem,
  type SearchResult,
  type SearchStep,
  type Strategy,
} from '../strategy.js';
import { tryTogether } from '../trials.js';

export interface GuidedSettings {
  ranking: Ranking;
  /** Flips made at once, at the most; and after a round that took fewer at most twice as many as these, but 8. */
  step: number;
  /** How many times as many are looked at before the search is exhausted. */
  depth: number;
  /** The part of the probes that is held back for a rehearsal; 0: there is none. */
  heldBack: number;
  /** Sets that the model knows already, so that none of their probes is held back: the first digits of their digests. */
  known: readonly string[];
  /** Rounds with worse answers on the held-back probes, or hardly any gain, after which the search ends. */
  patience: number;
  /** What is hardly any gain: the part that so many rounds have of all that was gained. */
  leastGain: number;
  /** Bytes of the result in compact form, where the budget does not say how many flips. */
  mostBytes: number;
}

/** However few flips were accepted in a round, the next begins with so many. */
const SMALL_STEP = 8;

/** Makes the strategy `guided`. */
export function guided({
  ranking = lowerBound(),
  step = 8,
  depth = 8,
  heldBack = 0,
  known = [],
  patience = 8,
  leastGain = 0,
  mostBytes = 1024,
}: Partial<GuidedSettings> = {}): Strategy {
  const numbers = { step, depth, heldBack, patience, leastGain, mostBytes };
  const settings = { ranking, known, ...numbers };
  const part: SearchPart = { name: 'guided', settings: { ...numbers, ...(known.length > 0 && { known }) } };
  return { ...part, search: (problem) => follow(problem, part, settings) };
}

/** Where a search stands. */
interface Position {
  readonly value: FitnessValue;
  /** What is flipped on balance, in canonical order. */
  readonly flips: readonly Flip[];
  readonly history: readonly SearchStep[];
  /** Whether each held-back probe is answered right. */
  readonly heldBackRight: readonly boolean[];
}

/** A climb by the slope of some probes. */
interface Climb {
  readonly probes: readonly Probe[];
  /** Where it starts. */
  readonly from: Pick<Position, 'flips' | 'history'>;
  /** The probes that it is judged by. */
  readonly heldBack: readonly Probe[];
  readonly limits: Budget;
}

/** Where a climb ended. */
interface Climbed extends Position {
  /** The objective without any flip. */
  readonly objectiveBefore: number;
  readonly stoppedBy: StopReason;
  /** Tokens of one evaluation. */
  readonly tokenCount: number;
}

async function follow(problem: SearchProblem, strategy: SearchPart, settings: GuidedSettings): Promise<SearchResult> {
  const { engine, acceptance = rising(), budget, seed, onProgress, signal } = problem;
  const now = problem.now ?? (() => performance.now());
  const startMs = now();
  const startTokens = engine.tokensEvaluated;
  const { searched, heldBack } = splitProbes(problem.probes, settings.heldBack, seed, settings.known);
  let iterations = 0;
  const spent = (flips: readonly Flip[]): Spent => ({ iterations, flips: flips.length, elapsedMs: now() - startMs });
  const room: Room = budget.flips === undefined ? { bytes: settings.mostBytes } : { flips: budget.flips };

  /** Whether the last rounds gained hardly anything more. */
  function hasSettled(objectives: readonly number[], start: number): boolean {
    const [before, now] = [objectives.at(-1 - settings.patience), objectives.at(-1) ?? start];
    return before !== undefined && now - before < settings.leastGain * (now - start);
  }

  /** Climbs until something ends it. Finds and leaves the engine without flips. */
  async function climb({ probes, from, heldBack: judges, limits: until }: Climb): Promise<Climbed> {
    const fitness = problem.fitness.prepare(engine, probes, problem.controls);
    let position: Position = { value: fitness.start, ...from, heldBackRight: [] };
    let width = settings.step;
    let mostFlips = budget.flips;
    const report = (used: Spent): void =>
      onProgress?.({
        ...used,
        ...(mostFlips !== undefined && { mostFlips }),
        ...(judges.length > 0 && { rehearsal: true }),
        accepted: position.history.length,
        evaluations: (engine.tokensEvaluated - startTokens) / fitness.tokenCount,
        objective: position.value.objective,
        gain: position.value.objective - fitness.start.objective,
        secondsLeft: secondsLeft({ ...budget, ...(mostFlips !== undefined && { flips: mostFlips }) }, used),
      });
    engine.toggle(position.flips);
    try {
      if (position.flips.length > 0) {
        position = { ...position, value: fitness.evaluate() };
        fitness.keep();
      }
      position = { ...position, heldBackRight: await answersRight(engine, judges) };
      /** Where the held-back answers were best. */
      let peak = position;
      /** The last state that was not worse than the peak: the result. */
      let kept = position;
      let roundsSinceKept = 0;
      /** The objective before the first round and after each. */
      const objectives = [position.value.objective];
      const ended = (stoppedBy: StopReason): Climbed => ({
        ...kept,
        ...{ objectiveBefore: fitness.start.objective, stoppedBy, tokenCount: fitness.tokenCount },
      });
      for (;;) {
        const reached = signal?.aborted ? 'interrupted' : limitReached(until, spent(position.flips));
        if (reached) return ended(reached);
        let undoing: readonly Flip[] = [];
        const promising = (most: number): Flip[] => {
          const { perProbe } = position.value;
          const ranked = settings.ranking.rank({ engine, fitness, perProbe, most, made: position.flips });
          undoing = flipsOf(ranked.undoing);
          return flipsOf(ranked.gaining);
        };
        let trials = 0;
        const tried = await tryTogether({
          ...{ engine, promising, step: width, depth: settings.depth, present: position.value },
          withRoom: (more) => makeRoom(position.flips, more, undoing, room),
          betterThan(other) {
            const value = fitness.evaluateAbove(acceptance.bar(other));
            trials += 1;
            report({ ...spent(position.flips), iterations: iterations + trials });
            return value;
          },
          ...(signal && { signal }),
        });
        // A round that was cut short counts for nothing: the search can be continued to end where the last one did.
        if (!tried.accepted && signal?.aborted) return ended('interrupted');
        iterations += tried.evaluated;
        if (!tried.accepted) return ended('exhausted');
        const { flips, asked, value } = tried.accepted;
        fitness.keep();
        // What is flipped must be known before anything else can fail, to be taken back in the end.
        position = { ...position, value, flips: union(position.flips, flips) };
        width = Math.min(settings.step, Math.max(SMALL_STEP, 2 * asked));
        if (budget.flips === undefined && position.flips.length > 0) {
          mostFlips = Math.round((position.flips.length * settings.mostBytes) / compactSize(position.flips));
        }
        position = { ...position, heldBackRight: await answersRight(engine, judges) };
        const steps = flips.map((flip): SearchStep => ({
          ...{ iteration: iterations, flip, objective: value.objective },
          ...(judges.length > 0 && { heldBackRight: countRight(position.heldBackRight) }),
        }));
        position = { ...position, history: [...position.history, ...steps] };
        if (countRight(position.heldBackRight) > countRight(peak.heldBackRight)) peak = position;
        roundsSinceKept += 1;
        if (!isWorse(position.heldBackRight, peak.heldBackRight)) {
          kept = position;
          roundsSinceKept = 0;
        }
        report(spent(position.flips));
        if (roundsSinceKept >= settings.patience) return ended('held-back');
        objectives.push(value.objective);
        if (hasSettled(objectives, fitness.start.objective)) return ended('exhausted');
        await nextTurn();
      }
    } finally {
      engine.toggle(position.flips);
      fitness.dispose();
    }
  }

  /** What comes of a rehearsal. */
  async function concluded(rehearsed: Climbed): Promise<Climbed> {
    const { stoppedBy, history } = rehearsed;
    const flips = await leftByJudges(problem, settings.ranking, heldBack, rehearsed.flips);
    if (!flips) return { ...rehearsed, stoppedBy: 'interrupted' };
    const byAll = { probes: problem.probes, heldBack: [] };
    const rest = await climb({ ...byAll, from: { flips, history }, limits: { flips: 0 } });
    if (flips.length === 0) return { ...rest, stoppedBy: 'held-back' };
    if (isCutShort(stoppedBy)) return { ...rest, stoppedBy };
    iterations += 1;
    const takenBack = rehearsed.flips.map((flip): SearchStep => {
      return { iteration: iterations, flip, objective: rehearsed.objectiveBefore };
    });
    const again = await climb({ ...byAll, from: { flips: [], history: [...history, ...takenBack] }, limits: budget });
    const isFurther = again.value.objective >= rest.value.objective;
    return isFurther || !isCutShort(again.stoppedBy) ? again : { ...rest, stoppedBy: again.stoppedBy };
  }

  let found = await climb({ probes: searched, from: { flips: [], history: [] }, heldBack, limits: budget });
  if (heldBack.length > 0 && found.stoppedBy !== 'interrupted') found = await concluded(found);
  return {
    ...spent(found.flips),
    flips: found.flips,
    accepted: found.history.length,
    evaluations: (engine.tokensEvaluated - startTokens) / found.tokenCount,
    objectiveBefore: found.objectiveBefore,
    objectiveAfter: found.value.objective,
    stoppedBy: found.stoppedBy,
    history: found.history,
    method: {
      strategy,
      fitness: nameAndSettings(problem.fitness),
      parts: { ranking: nameAndSettings(settings.ranking), acceptance: nameAndSettings(acceptance) },
      seed,
      budget,
    },
  };
}

/** Whether there was more to find. */
const isCutShort = (stoppedBy: StopReason): boolean => stoppedBy !== 'exhausted' && stoppedBy !== 'flips';

const flipsOf = (ranked: readonly RankedFlip[]): Flip[] => ranked.map(({ flip }) => flip);
