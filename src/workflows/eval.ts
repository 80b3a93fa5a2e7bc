/** Owns `bankai eval`: what a stack fixes and breaks, by greedy generation, and what it does to texts. */
import { maskFlips, xorMasks } from '../patch/mask.js';
import type { AnswerComparison } from '../search/evaluate.js';
import { type Likelihoods, measureLikelihoods, measureMargins } from '../search/likelihood.js';
import { type Measurement, measureChange } from '../search/measure.js';
import { parseProbes } from '../search/probes.js';
import { parseText } from '../search/texts.js';
import type { ProbeFile } from './commit.js';
import { withEngine } from './engine.js';
import { measuredFiles, reportOf } from './measurement.js';
import { loadStack } from './stack.js';
import { openWorkspace } from './workspace.js';

export interface EvalRequest {
  readonly stack: string;
  /** The stack to compare with. */
  readonly against: string;
  readonly probes: readonly ProbeFile[];
  readonly texts: readonly ProbeFile[];
  /** Measures, too, how likely every correct answer is. */
  readonly likelihoods?: boolean;
  readonly threads: number;
  readonly signal?: AbortSignal;
  /** Told how many answers and documents of both states are in. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Evaluates a stack against another. Throws UNKNOWN_REVISION, PROBES_INVALID, TEXT_INVALID, INTERRUPTED, MODEL_CHANGED.
 */
export async function evaluate(directory: string, request: EvalRequest) {
  const probes = request.probes.map(({ bytes, name }) => parseProbes(bytes, name));
  const texts = request.texts.map(({ bytes, name }) => parseText(bytes, name));
  const workspace = await openWorkspace(directory);
  const stack = await loadStack(workspace.repository, request.stack);
  const against = await loadStack(workspace.repository, request.against);
  return withEngine(workspace, request.threads, async ({ engine, hold }) => {
    hold(against.mask);
    const flips = maskFlips(xorMasks(against.mask, stack.mask));
    const measurement = await measureChange(
      engine,
      flips,
      { probes, texts },
      {
        ...(request.signal && { signal: request.signal }),
        ...(request.onProgress && { onProgress: request.onProgress }),
      },
    );
    const report = reportOf(measuredFiles(measurement));
    const likelihoods: (Likelihoods & { readonly margins?: Likelihoods })[] = [];
    for (const set of request.likelihoods ? probes : []) {
      const measured = await measureLikelihoods(engine, flips, set.probes);
      const margins = await measureMargins(engine, flips, set.probes, measured);
      likelihoods.push({ ...measured, ...(margins && { margins }) });
    }
    return {
      stack: stack.expression,
      against: against.expression,
      probes: report.probes.map((result, i) => ({
        ...result,
        examples: examplesOf(measurement.probes[i]),
        ...(request.likelihoods && {
          likelihoods: { ...likelihoods[i], change: changesOf(measurement.probes[i].comparison) },
        }),
      })),
      texts: report.texts,
    };
  });
}

function changesOf({ total, fixedProbes, brokeProbes }: AnswerComparison): ('fixed' | 'broke' | 'kept')[] {
  const [fixed, broke] = [new Set(fixedProbes), new Set(brokeProbes)];
  return Array.from({ length: total }, (_, i) => (fixed.has(i) ? 'fixed' : broke.has(i) ? 'broke' : 'kept'));
}

/** The answers that changed: what was fixed, then what broke. */
function examplesOf({ set, before, after, comparison }: Measurement['probes'][number]) {
  const example = (change: 'fixed' | 'broke') => (index: number) => ({
    prompt: set.probes[index].prompt,
    correct: set.probes[index].correct,
    before: before[index].generated,
    after: after[index].generated,
    change,
  });
  return [...comparison.fixedProbes.map(example('fixed')), ...comparison.brokeProbes.map(example('broke'))];
}
