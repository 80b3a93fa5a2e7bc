/** Owns what is said of a measurement: what a state answers that another does not (FORMAT.md, "Evaluation: what was measured"). */
import type { PatchId, WeightsId } from '../../patch/ids.js';
import { type Decimal, type PredicateType, type ProbeEvidence, type Product, sortedSet } from './terms.js';

/** What somebody measured of a state of which the subject is a part, compared with another state. */
export interface EvaluationPredicate {
  readonly base: WeightsId;
  /** The patches of the state that was measured: a set, the subject among them. */
  readonly patches: readonly PatchId[];
  /** The patches of the state that it was compared with, "before" below: a set; empty for the base. */
  readonly against: readonly PatchId[];
  readonly probes: readonly ProbeMeasurement[];
  readonly texts: readonly TextMeasurement[];
  /** The rule by which an answer was right (FORMAT.md, "Answer matching"). */
  readonly matching: string;
  readonly engine: Product;
  readonly elapsedMs: number;
  /** RFC 3339 in UTC, as `Date.toISOString` gives it. */
  readonly createdAt: string;
}

/** How many answers changed which way. */
interface AnswerCounts {
  readonly count: number;
  /** Wrong before, right after. */
  readonly fixed: number;
  /** Right before, wrong after. */
  readonly broke: number;
  readonly keptRight: number;
  readonly keptWrong: number;
}

/** The answers to one probe file. Its role is what the search, if any, made of it: `heldout` means that it never saw it. */
export interface ProbeMeasurement extends ProbeEvidence<'heldout' | 'control' | 'search'>, AnswerCounts {
  readonly rightBefore: number;
  readonly rightAfter: number;
  /** Exact two-sided McNemar test of fixed against broke. */
  readonly p: Decimal;
  /** 95 % Wilson interval of fixed as a part of what was wrong before. */
  readonly fixRate: { readonly low: Decimal; readonly high: Decimal };
  /** In the order of the file; none where there would be too many. */
  readonly categories: readonly ({ readonly category: string } & AnswerCounts)[];
}

/** How well a text is predicted, token by token. */
export interface TextMeasurement {
  readonly name: string;
  readonly sha256: string;
  /** Tokens predicted. */
  readonly tokens: number;
  readonly perplexityBefore: Decimal;
  readonly perplexityAfter: Decimal;
  /** Mean over the predicted tokens of KL(before ‖ after), in nats. */
  readonly divergence: Decimal;
}

export const evaluationPredicate: PredicateType<EvaluationPredicate> = {
  uri: 'urn:bankai:evaluation:v1',
  schema: 'statement-evaluation',
  normalize: (predicate) => ({
    ...predicate,
    patches: sortedSet(predicate.patches),
    against: sortedSet(predicate.against),
  }),
  contradiction({ patches, probes, texts }, patch) {
    if (probes.length + texts.length === 0) return 'measures nothing';
    if (!patches.some((id) => id === patch)) return `measures a state without patch ${patch}`;
    const odd = probes.find((file) => !addsUp(file));
    return odd && `counts answers to "${odd.name}" that do not add up`;
  },
};

function addsUp(file: ProbeMeasurement): boolean {
  const sums = ({ count, fixed, broke, keptRight, keptWrong }: AnswerCounts): boolean =>
    fixed + broke + keptRight + keptWrong === count;
  const total = (key: keyof AnswerCounts): number => file.categories.reduce((sum, counts) => sum + counts[key], 0);
  return (
    sums(file) &&
    file.categories.every(sums) &&
    (file.categories.length === 0 ||
      (['fixed', 'broke', 'keptRight', 'keptWrong'] as const).every((key) => total(key) === file[key])) &&
    file.rightBefore === file.keptRight + file.broke &&
    file.rightAfter === file.keptRight + file.fixed
  );
}
