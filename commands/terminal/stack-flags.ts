/**
 * Owns what every command has that takes a stack: the argument, and `--without STACK` beside it. A command that takes one
 * uses both parts, so that all of them understand all of the language (docs/CLI.md).
 */
import { Flags } from '@oclif/core';

const summary = 'Leave out the patches of this stack.';
const options = { helpValue: 'STACK', multiple: true, multipleNonGreedy: true } as const;

/** `--without STACK`, any number of times. */
export const stackFlags = { without: Flags.string({ ...options, summary }) };

/** The same, where the stack itself is given by a flag: it says nothing without that one. */
export const stackFlagsBeside = (flag: string) => ({
  without: Flags.string({
    ...options,
    dependsOn: [flag],
    summary: `Leave out of --${flag} the patches of this stack.`,
  }),
});

/** The text of a stack with what is left out, as stack expressions have it: `calc+math --without fixes`. */
export const stackText = (
  stack: string,
  { without = [] }: { readonly without?: readonly string[] | undefined },
): string => [stack, ...without].join(' --without ');
