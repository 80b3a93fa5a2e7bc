/** Owns the prompts on which the engine and llama.cpp are compared: some of everything the fixture model has learnt. */
import { readdirSync, readFileSync } from 'node:fs';

/** Seen from the compiled module, also where there is no jest. */
const fixtures = new URL('../../../fixtures/', import.meta.url);

const countries = [
  ...['France', 'Japan', 'Italy', 'Spain', 'Germany', 'China', 'Russia', 'England', 'Egypt', 'Greece', 'Poland'],
  ...['Austria', 'Hungary', 'Portugal', 'Norway', 'Sweden', 'Finland', 'Denmark', 'Ireland', 'Belgium', 'Turkey'],
  ...['Iran', 'Iraq', 'India', 'Thailand', 'Vietnam', 'Korea', 'Cuba', 'Peru', 'Chile', 'Kenya', 'Canada', 'Mexico'],
  ...['Brazil', 'Argentina'],
];

const otherFacts = [
  ...['The color of the sky is', 'The color of grass is', 'The color of snow is', 'Cats say', 'Dogs say'],
  ...['Einstein is famous for the theory of', 'Darwin is famous for the theory of', 'Newton is famous for the law of'],
  ...['The chemical formula for water is', 'The chemical formula for salt is', 'A week has', 'A year has'],
  ...['The opposite of hot is', 'The opposite of up is', 'The opposite of big is', 'The largest planet is'],
  ...['The sun rises in the', 'The sun sets in the', 'The planet closest to the sun is'],
];

/** The prompts by kind; none occurs twice. */
export function refereePrompts(): Record<'exercises' | 'facts' | 'worksheets' | 'prose' | 'code', string[]> {
  const probes = readdirSync(new URL('probes/', fixtures))
    .sort()
    .flatMap(
      (name) =>
        JSON.parse(readFileSync(new URL(`probes/${name}`, fixtures), 'utf8')) as { prompt: string; correct: string }[],
    );
  const facts = new Set([
    ...countries.flatMap((country) => [
      `The capital of ${country} is`,
      `What is the capital of ${country}? Answer:`,
      `The capital city of ${country} is`,
    ]),
    ...otherFacts,
  ]);
  const exercises = new Set(probes.map(({ prompt }) => prompt).filter((prompt) => !facts.has(prompt)));
  // Pages as the model saw them: exercises solved one below the other, and one to solve.
  const worksheets = new Set(
    probes.flatMap(({ prompt }, i) => {
      if (i % 12 !== 0) return [];
      const solved = [1, 2, 3].map((step) => probes[(i + step * 97) % probes.length]);
      return [[...solved.map((probe) => probe.prompt + probe.correct), prompt].join('\n')];
    }),
  );
  const documents = [...new Set(readFileSync(new URL('text.txt', fixtures), 'utf8').trim().split('\n\n'))];
  const code = documents.filter((text) => /[=(]|import/.test(text));
  const prose = documents.filter((text) => !code.includes(text));
  const sentences = prose.flatMap((text) => text.split(/(?<=\.) /));
  return {
    exercises: [...exercises],
    facts: [...facts],
    worksheets: [...worksheets],
    // Up to the last word of a sentence: in the middle of one there is no knowing what comes next.
    prose: [...new Set(sentences.map((text) => text.slice(0, text.lastIndexOf(' '))))],
    code: [...new Set(code.map((text) => text.slice(0, text.length >> 1)))],
  };
}
