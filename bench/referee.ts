/**
 * Measures how closely the engine agrees with llama.cpp on the fixture model, by kind of prompt. llama.cpp rounds
 * activations to 8 bits, and differently in the kernels of each processor; the engine answers prompts with 10 bits. How
 * far either is from activations that are not rounded is told too.
 * Run as `node dist/bench/referee.js [model.gguf]`.
 */
import { fileURLToPath } from 'node:url';
import { openEngine } from '../src/engine/open.js';
import { openFile } from '../src/gguf/source.js';
import { type Agreement, type Comparison, compareWithReferee, summarizeAgreement } from '../test/referee/agreement.js';
import { openReferee } from '../test/referee/llama.js';
import { refereePrompts } from '../test/referee/prompts.js';

const columns: Readonly<Record<string, (agreement: Agreement) => string>> = {
  prompts: ({ prompts }) => String(prompts),
  'same ids': ({ sameIds }) => String(sameIds),
  'same top-1': ({ sameTop }) => String(sameTop),
  'margin if not': ({ largestTopMargin }) => largestTopMargin.toFixed(3),
  'mean |Δ log p|': ({ meanDifference }) => meanDifference.toFixed(4),
  maximum: ({ maximumDifference }) => maximumDifference.toFixed(3),
  'our |error|': ({ meanErrors: [ours] }) => ours.toFixed(4),
  theirs: ({ meanErrors: [, theirs] }) => theirs.toFixed(4),
  'same text': ({ sameTexts }) => String(sameTexts),
  'margin if not ': ({ largestPartingMargin }) => largestPartingMargin.toFixed(3),
};

const fixtureModel = fileURLToPath(new URL('../../fixtures/worksheet-5m-q1_0.gguf', import.meta.url));

/** Compares engine and llama.cpp on a model; kinds of prompts, then all of them. */
async function measure(model: string): Promise<[string, Agreement][]> {
  const source = openFile(model);
  const engine = await openEngine(source);
  source.close();
  const referee = await openReferee(model);
  const all: Comparison[] = [];
  const rows: [string, Agreement][] = [];
  for (const [kind, prompts] of Object.entries(refereePrompts())) {
    const comparisons = await compareWithReferee(engine, referee, prompts);
    all.push(...comparisons);
    rows.push([kind, summarizeAgreement(comparisons)]);
  }
  await referee.dispose();
  await engine.dispose();
  return [...rows, ['all', summarizeAgreement(all)]];
}

const rows = await measure(process.argv[2] ?? fixtureModel);
const table = [
  ['', ...Object.keys(columns)],
  ...rows.map(([kind, agreement]) => [kind, ...Object.values(columns).map((cell) => cell(agreement))]),
];
const widths = table[0].map((_, i) => Math.max(...table.map((row) => row[i].length)));
for (const [kind, ...cells] of table) {
  console.log([kind.padEnd(widths[0]), ...cells.map((cell, i) => cell.padStart(widths[i + 1]))].join('  '));
}
