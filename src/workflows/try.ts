/** Owns `bankai try`: one prompt, answered by the base and by a stack. */
import { answerStop, firstLine } from '../search/answers.js';
import { emptyMask } from '../patch/mask.js';
import { withEngine } from './engine.js';
import { loadStack } from './stack.js';
import { openWorkspace } from './workspace.js';

export interface TryRequest {
  readonly prompt: string;
  readonly stack: string;
  /** At most so many tokens. */
  readonly tokens: number;
  /** Go on after the end of the line. */
  readonly wholeText: boolean;
  readonly threads: number;
}

/** Answers a prompt greedily with the base and with a stack. Throws UNKNOWN_REVISION, CONTEXT_TOO_LONG, MODEL_CHANGED. */
export async function tryPrompt(directory: string, { prompt, stack, tokens, wholeText, threads }: TryRequest) {
  const workspace = await openWorkspace(directory);
  const { expression, mask } = await loadStack(workspace.repository, stack);
  return withEngine(workspace, threads, async ({ engine, hold }) => {
    const { tokenizer } = engine;
    const ids = tokenizer.encode(prompt);
    const answer = (): string => {
      const options = { maximumTokens: tokens, ...(!wholeText && { stop: answerStop(tokenizer) }) };
      const [generated] = engine.generate([ids], options);
      const text = tokenizer.decode(generated);
      return wholeText ? text : firstLine(text);
    };
    hold(emptyMask);
    const base = answer();
    hold(mask);
    return { prompt, stack: expression, base, patched: answer() };
  });
}
