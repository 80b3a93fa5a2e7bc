/** Owns one run: a search with default settings, and what its patch does to everything that it must and must not change. */
import {
  answerFor,
  answerProbes,
  type AnswerComparison,
  compactSize,
  compareAnswers,
  createPatch,
  type Engine,
  guidedFor,
  measureText,
  type Probe,
  type TextComparison,
  type WeightsId,
} from '../../src/index.js';
import { probesOf, text } from './model.js';

/** Answers of the unpatched model, by probe set: they are asked for once. */
type Answers = Awaited<ReturnType<typeof answerProbes>>;

export interface RunRequest {
  readonly engine: Engine;
  readonly probes: readonly Probe[];
  readonly heldOut: string;
  /** The held-out problems of another skill. */
  readonly other: string;
  readonly seed: number;
}

/** What came out: plain data. */
export interface Run {
  readonly seed: number;
  readonly flips: number;
  readonly compactBytes: number;
  readonly seconds: number;
  readonly evaluations: number;
  readonly stoppedBy: string;
  readonly heldOut: AnswerComparison;
  readonly other: AnswerComparison;
  readonly knowledge: AnswerComparison;
  readonly text: TextComparison;
}

const CONTROLS = 'knowledge';

/** Makes the runs of one model. */
export function runner() {
  const before = new Map<string, Answers>();

  async function compare(engine: Engine, name: string, flips: Parameters<Engine['toggle']>[0]) {
    const probes = probesOf(name);
    const unpatched = before.get(name) ?? (await answerProbes(engine, probes));
    before.set(name, unpatched);
    engine.toggle(flips);
    const patched = await answerProbes(engine, probes);
    engine.toggle(flips);
    return compareAnswers(probes, unpatched, patched);
  }

  return async ({ engine, probes, heldOut, other, seed }: RunRequest): Promise<Run> => {
    const result = await guidedFor(probes).search({
      engine,
      probes,
      controls: probesOf(CONTROLS),
      fitness: answerFor(probes),
      seed,
      budget: {},
    });
    const { flips } = result;
    const patch = flips.length > 0 ? createPatch('0'.repeat(64) as WeightsId, flips) : undefined;
    return {
      seed,
      flips: flips.length,
      compactBytes: patch ? (compactSize(patch) ?? Infinity) : 0,
      seconds: result.elapsedMs / 1000,
      evaluations: result.evaluations,
      stoppedBy: result.stoppedBy,
      heldOut: await compare(engine, heldOut, flips),
      other: await compare(engine, other, flips),
      knowledge: await compare(engine, CONTROLS, flips),
      text: await measureText(engine, text(), flips),
    };
  };
}
