/** Owns how a replay looks: `bankai replay`. */
import { formatDuration } from './duration.js';
import { type EvaluationReport } from './evaluation.js';
import { shortId } from './id.js';
import { plural } from './number.js';
import { printable, wrap } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai replay --json` prints: `schema/replay.schema.json`. */
export interface ReplayReport {
  readonly patch: string;
  readonly message?: string;
  /** That replayed. */
  readonly engine: Product;
  readonly reproduced: boolean;
  /** One for each statement. */
  readonly runs: readonly ReplayRun[];
}

interface Product {
  readonly name: string;
  readonly version: string;
}

export interface ReplayRun {
  readonly kind: 'search' | 'derivation' | 'evaluation';
  readonly signer: string;
  readonly reproduced: boolean;
  /** That recorded it. */
  readonly engine: Product;
  /** What came out of a search, or of the patches that it was made of. */
  readonly patch?: string;
  readonly flips?: number;
  readonly iterations?: number;
  readonly operation?: string;
  readonly parents?: readonly string[];
  readonly differences: readonly { readonly field: string; readonly recorded: string; readonly now: string }[];
  readonly elapsedMs: number;
  readonly evaluation?: EvaluationReport;
}

/** Writes what became of each statement, every field that differs, and a verdict. */
export function renderReplay(report: ReplayReport, view: View): string[] {
  const { style, width } = view;
  const { good, bad, warning } = signs(view);
  const { patch, message, engine, reproduced, runs } = report;
  const title = message === undefined ? '' : `: ${printable(message.split('\n')[0])}`;
  const other = runs.find((run) => run.engine.version !== engine.version || run.engine.name !== engine.name);
  const versions =
    other === undefined
      ? []
      : told(
          `${warning} `,
          `recorded with ${called(other.engine)}, replayed with ${called(engine)}`,
          view,
          style.warning,
        );
  // What another version makes of it says nothing certain of the one that recorded it.
  const verdict = [
    reproduced
      ? other
        ? 'comes out the same'
        : 'is reproduced exactly'
      : other
        ? 'comes out differently'
        : 'is NOT reproduced',
    ...(other ? [' with another version'] : []),
  ].join('');
  return [
    ...wrap(`patch ${shortId(patch)}${title}`, width),
    ...versions,
    ...runs.flatMap((run) => [
      ...told(
        run.reproduced ? `${good} ` : `${bad} `,
        sentence(run, patch),
        view,
        run.reproduced ? style.good : style.bad,
      ),
      ...run.differences.flatMap(({ field, recorded, now }) =>
        told('    ', `${field}: recorded ${recorded}, now ${now}`, view, (text) => text),
      ),
    ]),
    '',
    (reproduced ? style.good : style.bad)(`Patch ${shortId(patch)} ${verdict}.`),
  ];
}

const called = ({ name, version }: Product): string => `${name} ${version}`;

function told(start: string, text: string, { width }: View, paint: (text: string) => string): string[] {
  const indent = ' '.repeat(2 + start.length);
  return wrap(printable(text), width - indent.length).map(
    (line, i) => `${i === 0 ? `  ${paint(start)}` : indent}${line}`,
  );
}

function sentence(run: ReplayRun, wanted: string): string {
  const time = formatDuration(run.elapsedMs);
  if (run.kind === 'evaluation') {
    const { probes = [], texts = [] } = run.evaluation ?? {};
    const what = [
      ...(probes.length > 0 ? [plural(probes.length, 'probe file')] : []),
      ...(texts.length > 0 ? [plural(texts.length, 'text')] : []),
    ].join(' and ');
    const found = run.reproduced
      ? 'the same figures, to the last digit'
      : `other figures in ${plural(run.differences.length, 'field')}`;
    return `evaluation by ${run.signer}: ${found} (${what}, ${time})`;
  }
  const { operation, parents = [] } = run;
  const flips = plural(run.flips ?? 0, 'flip');
  const work = operation === undefined ? `${flips} in ${plural(run.iterations ?? 0, 'iteration')}` : flips;
  const what = operation === undefined ? 'search' : `${operation} of ${parents.map(shortId).join(', ')}`;
  const found =
    run.patch === undefined
      ? 'nothing found'
      : run.patch !== wanted
        ? `another patch, ${shortId(run.patch)}`
        : run.reproduced
          ? 'the same patch, bit for bit'
          : operation === undefined
            ? 'the same patch by another course'
            : 'the same patch with other figures';
  return `${what} by ${run.signer}: ${found} (${work}, ${time})`;
}
