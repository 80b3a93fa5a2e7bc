/** Owns `--without STACK`, which every command has that takes a stack. */
import { Flags } from '@oclif/core';

/** `--without STACK`, any number of times. */
export const stackFlags = {
  without: Flags.string({
    helpValue: 'STACK',
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Leave out the patches of this stack.',
  }),
};

/** The text of a stack with what is left out, as stack expressions have it: `calc+math --without fixes`. */
export const stackText = (
  stack: string,
  { without = [] }: { readonly without?: readonly string[] | undefined },
): string => [stack, ...without].join(' --without ');
