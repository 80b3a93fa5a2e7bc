/** Owns how a probe becomes tokens that the engine scores. */
import type { Sequence } from '../engine/engine.js';
import type { Tokenizer } from '../engine/tokenizer.js';
import { acceptedAnswers, endsLine } from './answers.js';
import type { Probe } from './probes.js';

/**
 * Makes the sequence that scores an answer after a prompt. The two are tokenised apart, because that is the state in
 * which generation finds the model: the prompt's own tokens, the answer still to come.
 */
export function answerSequence(tokenizer: Tokenizer, prompt: string, answer: string): Sequence {
  const promptTokens = tokenizer.encode(prompt);
  return { tokens: [...promptTokens, ...tokenizer.encode(answer)], from: promptTokens.length };
}

/**
 * Makes the sequences by which generation answers a probe right (`matchesAnswer`): every accepted answer with the end of
 * its line, or of the text, after it. Where the end is one token with what stands before it, as `)` and a line break may
 * be, the sequence has that token. No sequence is the beginning of another, so their probabilities add up.
 */
export function rightSequences(tokenizer: Tokenizer, probe: Probe): Sequence[] {
  const prompt = tokenizer.encode(probe.prompt);
  const ways = new Map<string, Sequence>();
  for (const answer of acceptedAnswers(probe)) {
    const ended = LINE_ENDS.map((end) => {
      const tokens = tokenizer.encode(answer + end);
      return tokens.slice(0, 1 + tokens.findIndex((token) => endsLine(tokenizer, token)));
    });
    if (tokenizer.endOfText !== undefined) ended.push([...tokenizer.encode(answer), tokenizer.endOfText]);
    for (const tokens of ended) ways.set(tokens.join(' '), { tokens: [...prompt, ...tokens], from: prompt.length });
  }
  return [...ways.values()];
}

/** What answers end with: a line break, or an empty line, which some vocabularies have as a token of its own. */
const LINE_ENDS = ['\n', '\n\n'];
