/**
 * Owns the text of stack expressions: `base`, `calc`, `calc+math`.
 *
 *     stack    = term *( "+" term )
 *     term     = name              a branch, a tag, `base`, `HEAD`, or a commit id (prefix)
 *
 * Spaces around a term are allowed and dropped. Steps that follow a name (`~2`, `^1`, `@{3}`) belong into `Term`.
 */
import { UsageError } from '../errors.js';

/** One summand of a stack, and where it stands. */
export interface Term {
  readonly name: string;
  /** Zero-based index of its first character in the text. */
  readonly at: number;
}

export interface StackExpression {
  /** The terms as typed, without spaces. */
  readonly text: string;
  readonly terms: readonly Term[];
}

/** What no name can contain: what git forbids in refs, and the sign that joins names. */
const forbidden = /[\s~^:?*[\]\\{}\p{Cc}]/u;

/** Parses a stack expression. Throws STACK_SYNTAX with a line that points at the offending character. */
export function parseStack(text: string): StackExpression {
  const terms: Term[] = [];
  let start = 0;
  for (const piece of text.split('+')) {
    const at = start + (piece.length - piece.trimStart().length);
    const name = piece.trim();
    if (name === '') throw syntaxError(text, start, 'a name is missing');
    const bad = forbidden.exec(name);
    if (bad) throw syntaxError(text, at + bad.index, `"${bad[0]}" cannot be part of a name`);
    terms.push({ name, at });
    start += piece.length + 1;
  }
  return { text: terms.map((term) => term.name).join('+'), terms };
}

function syntaxError(text: string, at: number, fact: string): UsageError {
  // Control characters would move the caret; one space each keeps it in place.
  const line = text.replace(/\p{Cc}/gu, ' ');
  return new UsageError(
    'STACK_SYNTAX',
    `Cannot read the stack "${line}": ${fact} at column ${at + 1}\n  ${line}\n  ${' '.repeat(at)}^`,
    {
      hint: 'Join names of branches, tags or commits with "+", as in calc+math; "base" is the empty stack.',
      data: { at },
    },
  );
}
