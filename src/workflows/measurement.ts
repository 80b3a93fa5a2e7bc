/** Owns the two forms in which a measurement leaves a workflow: a predicate to sign, and a report to read. */
import type { PatchId, WeightsId } from '../patch/ids.js';
import { ANSWER_MATCHING } from '../search/answers.js';
import type { AnswerCounts } from '../search/evaluate.js';
import type { Measurement } from '../search/measure.js';
import type { ProbeSet } from '../search/probes.js';
import { mcNemarExact, verdictOf, wilsonInterval } from '../search/statistics.js';
import type { EvaluationPredicate, ProbeMeasurement } from '../trust/predicates/evaluation.js';
import { formatDecimal } from '../trust/predicates/terms.js';

/** A probe file, and what a search made of it. */
export interface MeasuredSet extends ProbeSet {
  readonly role: ProbeMeasurement['role'];
}

/** Categories of a file that a statement lists; the numbers of more would say nothing each. */
const CATEGORY_LIMIT = 256;

/** The two states of a measurement, and who measured when. */
interface Circumstances {
  readonly base: WeightsId;
  readonly patches: readonly PatchId[];
  readonly against: readonly PatchId[];
  readonly version: string;
  readonly time: Date;
}

/** What a statement says of a measurement, but for the roles of the files. */
export interface MeasuredFiles {
  readonly probes: readonly (Omit<ProbeMeasurement, 'role'> & Partial<Pick<ProbeMeasurement, 'role'>>)[];
  readonly texts: EvaluationPredicate['texts'];
}

/** Writes a measurement down as statements do. */
export function measuredFiles({ probes, texts }: Measurement) {
  return {
    probes: probes.map(({ set: { name, sha256 }, comparison }) => ({
      ...{ name, sha256 },
      ...countsOf(comparison),
      rightBefore: comparison.rightBefore,
      rightAfter: comparison.rightAfter,
      p: formatDecimal(comparison.p),
      fixRate: { low: formatDecimal(comparison.fixRate.low), high: formatDecimal(comparison.fixRate.high) },
      categories: comparison.perCategory.map((counts) => ({ category: counts.category, ...countsOf(counts) })),
    })),
    texts: texts.map(({ text: { name, sha256 }, comparison: { tokens, ...measured } }) => ({
      ...{ name, sha256, tokens },
      perplexityBefore: formatDecimal(measured.perplexityBefore),
      perplexityAfter: formatDecimal(measured.perplexityAfter),
      divergence: formatDecimal(measured.divergence),
    })),
  } satisfies MeasuredFiles;
}

/** Makes what is signed of a measurement. */
export function evaluationOf(
  measurement: Measurement<MeasuredSet>,
  { base, patches, against, version, time }: Circumstances,
): EvaluationPredicate {
  const { probes, texts } = measuredFiles(measurement);
  return {
    ...{ base, patches, against },
    probes: probes.map((file, i) => ({
      ...file,
      role: measurement.probes[i].set.role,
      categories: file.categories.length > CATEGORY_LIMIT ? [] : file.categories,
    })),
    texts,
    matching: ANSWER_MATCHING,
    engine: { name: 'bankai', version },
    elapsedMs: Math.round(measurement.elapsedMs),
    createdAt: time.toISOString(),
  };
}

const countsOf = ({ total, fixed, broke, keptRight, keptWrong }: AnswerCounts) => ({
  ...{ count: total, fixed, broke, keptRight, keptWrong },
});

/** Makes what is read of an evaluation. Everything that follows from the counts is computed from them, not believed. */
export function reportOf({ probes, texts }: MeasuredFiles) {
  return {
    probes: probes.map(({ role, name, count, fixed, broke, keptRight, keptWrong, categories }) => {
      const { low, high } = wilsonInterval(fixed, fixed + keptWrong);
      return {
        ...(role !== undefined && { role }),
        ...{ name, count, fixed, broke, keptRight, keptWrong },
        before: keptRight + broke,
        after: keptRight + fixed,
        p: mcNemarExact(fixed, broke),
        verdict: verdictOf(fixed, broke),
        fixRate: { low, high },
        categories: categories.map((part) => ({
          ...{ category: part.category, total: part.count, fixed: part.fixed, broke: part.broke },
          before: part.keptRight + part.broke,
          after: part.keptRight + part.fixed,
        })),
      };
    }),
    texts: texts.map(({ name, tokens, perplexityBefore, perplexityAfter, divergence }) => ({
      ...{ name, tokens },
      perplexityBefore: Number(perplexityBefore),
      perplexityAfter: Number(perplexityAfter),
      divergence: Number(divergence),
    })),
  };
}

/** Says what of an evaluation its own counts contradict: statistics that somebody wrote down otherwise. */
export function miscalculation({ probes }: EvaluationPredicate): string | undefined {
  const near = (claimed: string, computed: number): boolean =>
    Math.abs(Number(claimed) - computed) <= 1e-6 * Math.max(Math.abs(computed), Number.MIN_VALUE);
  for (const { name, fixed, broke, keptWrong, p, fixRate } of probes) {
    const { low, high } = wilsonInterval(fixed, fixed + keptWrong);
    const right = near(p, mcNemarExact(fixed, broke)) && near(fixRate.low, low) && near(fixRate.high, high);
    if (!right) return `claims statistics of "${name}" that its counts do not give`;
  }
  return undefined;
}
