/** Owns how a probe becomes tokens that the engine scores. */
import type { Sequence } from '../engine/engine.js';
import type { Tokenizer } from '../engine/tokenizer.js';

/**
 * Makes the sequence that scores an answer after a prompt. The two are tokenised apart, because that is the state in
 * which generation finds the model: the prompt's own tokens, the answer still to come.
 */
export function answerSequence(tokenizer: Tokenizer, prompt: string, answer: string): Sequence {
  const promptTokens = tokenizer.encode(prompt);
  return { tokens: [...promptTokens, ...tokenizer.encode(answer)], from: promptTokens.length };
}
