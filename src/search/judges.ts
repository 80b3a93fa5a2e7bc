/** Owns what probes that a search held back say of what it found without them. */
import type { Engine } from '../engine/engine.js';
import type { Flip } from '../patch/flip.js';
import { rising } from './acceptance.js';
import { answerProbes } from './evaluate.js';
import { carriesOver } from './hold-back.js';
import type { Probe } from './probes.js';
import type { Ranking } from './ranking.js';
import { union } from './room.js';
import type { SearchProblem } from './strategy.js';
import { tryTogether } from './trials.js';

/** Whether each of the probes is answered right, by greedy generation. */
export async function answersRight(engine: Engine, probes: readonly Probe[]): Promise<boolean[]> {
  if (probes.length === 0) return [];
  return (await answerProbes(engine, probes)).map(({ correct }) => correct);
}

export const countRight = (right: readonly boolean[]): number => right.filter((each) => each).length;

/** Whether answers are worse than at their best, by more than two standard deviations of as many coin tosses as changed. */
export function isWorse(right: readonly boolean[], best: readonly boolean[]): boolean {
  const changed = right.filter((each, probe) => each !== best[probe]).length;
  return countRight(best) - countRight(right) > 2 * Math.sqrt(changed);
}

/**
 * What is left of flips by the judgement of held-back probes: nothing where these gained no more than by chance; else all but
 * those that would be made again, to be undone, if they were searched by. Undefined when it was interrupted.
 */
export async function leftByJudges(
  { engine, fitness: chosen, controls, acceptance = rising(), signal }: SearchProblem,
  ranking: Ranking,
  judges: readonly Probe[],
  flips: readonly Flip[],
): Promise<readonly Flip[] | undefined> {
  const fitness = chosen.prepare(engine, judges, controls);
  let kept = flips;
  engine.toggle(kept);
  try {
    const present = fitness.evaluate();
    const reference = fitness.scores(fitness.start.perProbe);
    const gains = fitness.scores(present.perProbe).map((score, probe) => score - reference[probe]);
    if (!carriesOver(gains)) return [];
    fitness.keep();
    const ranked = ranking.rank({ engine, fitness, perProbe: present.perProbe, most: 0, made: flips });
    const undone = ranked.undoing.filter(({ score }) => score > 0).map(({ flip }) => flip);
    const { accepted } = await tryTogether({
      ...{ engine, present, promising: () => undone, step: undone.length, depth: 1, withRoom: (more) => more },
      betterThan: (other) => fitness.evaluateAbove(acceptance.bar(other)),
      ...(signal && { signal }),
    });
    if (accepted) kept = union(kept, accepted.flips);
    return signal?.aborted ? undefined : kept;
  } finally {
    engine.toggle(kept);
    fitness.dispose();
  }
}
