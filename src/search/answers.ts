/** Owns what counts as the right answer in generated text, and how long to generate for it. */
import type { TokenIds } from '../engine/engine.js';
import type { Tokenizer } from '../engine/tokenizer.js';
import type { Probe } from './probes.js';

/** The name of the rule of `matchesAnswer`, as statements give it (docs/FORMAT.md, "Answer matching"). */
export const ANSWER_MATCHING = 'bankai.answer/v1';

/** Tokens that an answer may take beyond the longest accepted one: other token boundaries, and the end of the line. */
const LIMIT_MARGIN = 8;

/**
 * Decides whether a model's text answers a probe: its first line, normalised, must *equal* the correct answer or one of
 * the alternates, normalised.
 *
 * | generated (correct: ` 30x^4`)       | right? | because                                     |
 * |-------------------------------------|--------|---------------------------------------------|
 * | ` 30x^4`, `30x^4`, ` 30x^4 ⏎…`      | yes    | spacing at the ends, and all after the line |
 * | ` 30x^45`, ` 30x^4 + 2x`, ` 30x^4.` | no     | the answer is only a prefix of the text     |
 * | ` 30x^`                             | no     | the text is only a prefix of the answer     |
 * | ` 30 x^4`                           | no     | spacing is collapsed, never removed         |
 * | ` 30X^4`                            | no     | case counts                                 |
 * | `⏎ 30x^4`                           | no     | the first line is empty                     |
 */
export function matchesAnswer(generated: string, probe: Probe): boolean {
  const given = normalizeText(firstLine(generated));
  return acceptedAnswers(probe).some((answer) => normalizeText(answer) === given);
}

/** Lists the answers that count as right: the correct one and the alternates. */
export function acceptedAnswers(probe: Probe): string[] {
  return [probe.correct, ...(probe.alternates ?? [])];
}

/** Brings text into Unicode NFC, with every run of white space as one space and none at the ends. */
export function normalizeText(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}

/** Cuts text before its first line break. */
export function firstLine(text: string): string {
  return text.split(/[\r\n]/, 1)[0];
}

/** Whether a token holds a line break: in UTF-8 no other character contains the byte of one. */
export function endsLine(tokenizer: Tokenizer, token: number): boolean {
  return /[\r\n]/.test(tokenizer.decode([token]));
}

/** Makes the stop condition of `Engine.generate` for answers: the newest token holds a line break. */
export function answerStop(tokenizer: Tokenizer): (generated: TokenIds) => boolean {
  return (generated) => generated.length > 0 && endsLine(tokenizer, generated[generated.length - 1]);
}

/** Gives the number of tokens within which any accepted answer of the probes, and the end of its line, must come. */
export function answerTokenLimit(probes: readonly Probe[], tokenizer: Tokenizer): number {
  const lengths = probes.flatMap(acceptedAnswers).map((answer) => tokenizer.encode(answer).length);
  return lengths.reduce((longest, length) => Math.max(longest, length), 0) + LIMIT_MARGIN;
}
