/** Owns the running of a sequence of steps, and the search for the shortest part of one that still goes wrong. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { BankaiError } from '../../src/errors.js';
import { type Random, seededRandom } from '../../src/search/random.js';
import { deedOf, type Kind, type Step, weights } from './steps.js';
import { complaints, difference, newWorld, type Template } from './world.js';

/** What went wrong, and at which step. */
export interface Fault {
  readonly step: number;
  readonly what: string;
}

/** Draws a sequence: the same for the same seed. */
export function drawSteps(seed: number, length: number): Step[] {
  const random = seededRandom(seed);
  return Array.from({ length }, () => ({ kind: drawKind(random), a: random.nextInt(1000), b: random.nextInt(1000) }));
}

function drawKind(random: Random): Kind {
  const all = Object.entries(weights) as [Kind, number][];
  let left = random.nextInt(all.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [kind, weight] of all) {
    if (left < weight) return kind;
    left -= weight;
  }
  throw new RangeError('weights');
}

/** What a sequence came to: how many steps of it meant something, and the first fault. */
export interface Ran {
  readonly done: number;
  readonly fault?: Fault;
}

/** Runs a sequence in a directory of its own and compares after every step. */
export async function runSteps(template: Template, room: string, steps: readonly Step[]): Promise<Ran> {
  const directory = join(room, 'sequence');
  rmSync(directory, { recursive: true, force: true });
  const world = newWorld(template, directory);
  let done = 0;
  for (const [i, step] of steps.entries()) {
    world.clock += 1;
    const deed = deedOf(world, step);
    if (!deed) continue;
    done += 1;
    world.undoBefore = world.sets.undo;
    const what = await carryOut(deed);
    if (what === undefined && deed.fails === undefined) deed.then?.();
    const fault = what ?? (await difference(world));
    if (fault !== undefined) return { done, fault: { step: i, what: `${step.kind}: ${fault}` } };
  }
  const said = complaints(world);
  rmSync(directory, { recursive: true, force: true });
  return said === '' ? { done } : { done, fault: { step: steps.length, what: `git: ${said}` } };
}

/** Does a step. → what was wrong with how it ended */
async function carryOut({ run, fails }: NonNullable<ReturnType<typeof deedOf>>): Promise<string | undefined> {
  try {
    await run();
    return fails === undefined ? undefined : `succeeded instead of failing with ${fails}`;
  } catch (error) {
    if (error instanceof BankaiError && error.code === fails) return undefined;
    const { stderr } = error as { stderr?: string };
    return `${String(error)}${fails === undefined ? '' : ` instead of ${fails}`}${stderr ?? ''}`;
  }
}

/** Leaves steps out of a faulty sequence as long as it stays faulty. */
export async function shrink(template: Template, room: string, steps: readonly Step[]): Promise<readonly Step[]> {
  let shortest = steps;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let at = 0; at < shortest.length;) {
      const rest = [...shortest.slice(0, at), ...shortest.slice(at + size)];
      if ((await runSteps(template, room, rest)).fault) shortest = rest;
      else at += size;
    }
  }
  return shortest;
}
