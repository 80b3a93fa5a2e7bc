/** Owns what an experiment is: a question, put to a model, answered by a table, a chart, and sentences made of the numbers. */
import type { Engine } from '../src/engine/engine.js';
import { barChartSvg, type BarChart } from '../src/render/bar-chart-svg.js';
import type { Probe } from '../src/search/probes.js';
import { answerSequence } from '../src/search/sequences.js';
import type { Laboratory } from './laboratory.js';

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
  /** Whether it searches, so that the budget of searches belongs to its setting. */
  readonly searches?: true;
  /** Leaves the engine as it was found. */
  run(laboratory: Laboratory): Promise<Findings>;
}

/** Writes what was found as a Markdown document and as a chart; `setting` says with which model and settings. */
export function formatFindings({ name, title, published }: Experiment, setting: string, found: Findings) {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const markdown = [
    `# ${title}`,
    `Written by \`npm run experiment -- ${name}\` (${setting}): edit the experiment, not this file.`,
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

/** Writes the list of all experiments, with what was published of each. */
export function formatIndex(experiments: readonly Experiment[]): string {
  const entries = experiments.map(({ name, title, published }) => `- [${title}](${name}.md). Published: ${published}`);
  return (
    [
      '# Experiments',
      'Published experiments with flips, done again on the shipped model, and some more. Each is one command, `npm run experiment -- NAME` after a build, ' +
        'with `--model FILE.gguf` for another model, and writes its own document: table, chart, and what was found in words made of the numbers. `all` runs them all.',
      entries.join('\n'),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

/** Makes the measure of the mean log-probability, in nats, of the correct answers with the weights as they are. */
export function answerMeter(engine: Engine, probes: readonly Probe[]) {
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
