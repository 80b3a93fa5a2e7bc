/** Owns what an experiment is: a question, put to a model, answered by a table, a chart, and sentences made of the numbers. */
import type { Engine } from '../src/engine/engine.js';
import type { Flip } from '../src/patch/flip.js';
import { barChartSvg, type BarChart } from '../src/render/bar-chart-svg.js';
import type { ProbeSet } from '../src/search/probes.js';
import { answerSequence } from '../src/search/sequences.js';
import type { TextSet } from '../src/search/texts.js';

/** What experiments work with: a model as it is at rest, and the sets that ship with the project. */
export interface Laboratory {
  readonly engine: Engine;
  readonly seed: number;
  probes(name: string): ProbeSet;
  readonly text: TextSet;
}

/** What an experiment found. Every sentence is computed from the numbers of its table. */
export interface Findings {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly chart: Pick<BarChart, 'bars'>;
  readonly sentences: readonly string[];
}

export interface Experiment {
  readonly name: string;
  readonly title: string;
  /** What was published about it, in one or two sentences. */
  readonly published: string;
  /** Leaves the engine as it was found. */
  run(laboratory: Laboratory): Promise<Findings>;
}

/** Writes what was found as a Markdown document and as a chart. */
export function formatFindings({ name, title, published }: Experiment, model: string, seed: number, found: Findings) {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const markdown = [
    `# ${title}`,
    `Written by \`npm run experiment -- ${name}\` (model ${model}, seed ${seed}): edit the experiment, not this file.`,
    `**Published:** ${published}`,
    [row(found.columns), row(found.columns.map(() => '---')), ...found.rows.map(row)].join('\n'),
    `![${title}](${name}.svg)`,
    `**Found:** ${found.sentences.join(' ')}`,
  ];
  return {
    markdown: `${markdown.join('\n\n')}\n`,
    svg: barChartSvg({ title, description: found.sentences.join(' '), ...found.chart }),
  };
}

/** Makes the measure of the mean log-probability, in nats, of the correct answers with the weights as they are. */
export function answerMeter(engine: Engine, { probes }: ProbeSet) {
  const batch = engine.prepare(probes.map(({ prompt, correct }) => answerSequence(engine.tokenizer, prompt, correct)));
  return {
    measure(): number {
      const scores = batch.logProbabilities().map((values) => values.reduce((sum, value) => sum + value, 0));
      return scores.reduce((sum, score) => sum + score, 0) / scores.length;
    },
    keep: () => batch.keep(),
    dispose: () => batch.dispose(),
  };
}

/** Runs an action with flips in effect, and takes them back however it ends. */
export async function under<T>(engine: Engine, flips: readonly Flip[], action: () => Promise<T> | T): Promise<T> {
  engine.toggle(flips);
  try {
    return await action();
  } finally {
    engine.toggle(flips);
  }
}
