/** Owns word problems with worked solutions in the form of GSM8K's file, one JSON object a line, all made from one seed. */
import { seededRandom } from '../src/search/random.js';

/** A problem for three small numbers: its question, the steps of its solution, its answer. */
type Problem = (a: number, b: number, c: number) => { question: string; steps: readonly string[]; answer: number };

const step = (left: number, sign: '+' | '-' | '*', right: number): string => {
  const result = sign === '+' ? left + right : sign === '-' ? left - right : left * right;
  return `${left} ${sign} ${right} = <<${left}${sign}${right}=${result}>>${result}`;
};

const problems: readonly Problem[] = [
  (a, b, c) => ({
    question: `A shop sells pens in boxes of ${a}. Mia buys ${b} boxes and already has ${c} pens. How many pens does she have now?`,
    steps: [`The boxes hold ${step(a, '*', b)} pens.`, `With her own she has ${step(a * b, '+', c)} pens.`],
    answer: a * b + c,
  }),
  (a, b, c) => ({
    question: `Tom picks ${a + b} apples, eats ${b} of them and then gets ${c} more from his aunt. How many apples does he have?`,
    steps: [`He keeps ${step(a + b, '-', b)} apples.`, `Then he has ${step(a, '+', c)} apples.`],
    answer: a + c,
  }),
  (a, b, c) => ({
    question: `A bus has ${a} rows of ${b} seats and ${c} seats at the back. How many seats does it have?`,
    steps: [`The rows have ${step(a, '*', b)} seats.`, `With the back there are ${step(a * b, '+', c)} seats.`],
    answer: a * b + c,
  }),
  (a, b, c) => ({
    question: `Lea runs ${a} miles on each of ${b} days and then ${c} miles on Sunday. How many miles does she run?`,
    steps: [`On the days she runs ${step(a, '*', b)} miles.`, `Together it is ${step(a * b, '+', c)} miles.`],
    answer: a * b + c,
  }),
  (a, b, c) => ({
    question: `There are ${a + b + c} birds in a tree. First ${a} fly away, then ${b} more. How many birds are left?`,
    steps: [`After the first there are ${step(a + b + c, '-', a)}.`, `Then there are ${step(b + c, '-', b)} birds.`],
    answer: c,
  }),
  (a, b, c) => ({
    question: `A book has ${a} chapters of ${b} pages. Ben has read ${Math.min(c, a * b - 1)} pages. How many pages are left?`,
    steps: [
      `The book has ${step(a, '*', b)} pages.`,
      `There are ${step(a * b, '-', Math.min(c, a * b - 1))} pages left.`,
    ],
    answer: a * b - Math.min(c, a * b - 1),
  }),
];

/** Writes `count` problems, the kinds in turn. */
export function wordProblems(count: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const number = (): number => 2 + random.nextInt(8);
  const lines = Array.from({ length: count }, (_, index) => {
    const { question, steps, answer } = problems[index % problems.length](number(), number(), number());
    return JSON.stringify({ question, answer: [...steps, `#### ${answer}`].join('\n') });
  });
  return Buffer.from(`${lines.join('\n')}\n`);
}
