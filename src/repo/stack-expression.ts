/**
 * Owns the text of stack expressions: `base`, `calc`, `calc~1+math`.
 *
 *     stack    = union *( "--without" union )    the patches of the first, less those of the others
 *     union    = term *( "+" term )
 *     term     = name *step / log *step
 *     name     = a branch, a tag, `base`, `HEAD` or `@`, or a commit id (prefix)
 *     log      = [ name ] "@{" number "}"      what the branch was so many moves ago; without a name, HEAD's branch
 *              / "@{-" number "}"              where HEAD was so many checkouts ago
 *              / [ name ] "@{upstream}"        the branch that a branch follows; also "@{u}"
 *     step     = "~" [ number ]                so many first parents back; 1 without a number
 *              / "^" [ number ]                that parent; the first without a number, the commit itself for 0
 *              / "^{}" / "^{commit}"           the commit itself
 *
 * Spaces around a term are allowed and dropped. Everything means what it means to git (gitrevisions).
 */
import { UsageError } from '../errors.js';

/** A way on from a name. */
export interface Step {
  readonly kind: 'log' | 'previous' | 'upstream' | 'ancestor' | 'parent';
  readonly number: number;
}

/** One summand of a stack, and where it stands. */
export interface Term {
  /** As typed: `calc~1`. */
  readonly text: string;
  /** What the steps start from; empty before an `@{`. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** Zero-based index of its first character in the text. */
  readonly at: number;
}

export interface StackExpression {
  /** As typed, with single spaces around `--without` and no others. */
  readonly text: string;
  readonly terms: readonly Term[];
  /** Whose patches are left out. */
  readonly without: readonly Term[];
}

/** What no name can contain: what git forbids in refs, and the sign that joins names. */
const forbidden = /[\s~^:?*[\]\\{}\p{Cc}]/u;

/** What is before the names of what is left out. */
export const WITHOUT = ' --without ';

/** Parses a stack expression. Throws STACK_SYNTAX with the place of the offending character. */
export function parseStack(text: string): StackExpression {
  const unions: Term[][] = [];
  let start = 0;
  for (const union of text.split(WITHOUT)) {
    unions.push(parseUnion(text, start, start + union.length));
    start += union.length + WITHOUT.length;
  }
  const [terms, ...others] = unions;
  const without = others.flat();
  return {
    text: [terms, without]
      .filter(({ length }) => length > 0)
      .map(textOf)
      .join(WITHOUT),
    terms,
    without,
  };
}

const textOf = (terms: readonly Term[]): string => terms.map(({ text }) => text).join('+');

/** Parses the terms between two places of the whole text. */
function parseUnion(whole: string, from: number, to: number): Term[] {
  const terms: Term[] = [];
  let start = from;
  for (const piece of whole.slice(from, to).split('+')) {
    const at = start + (piece.length - piece.trimStart().length);
    const term = piece.trim();
    if (term === '') throw syntaxError(whole, start, 'a name is missing');
    terms.push(parseTerm(whole, term, at));
    start += piece.length + 1;
  }
  return terms;
}

/** Parses a term that stands at `at` of the whole text. */
function parseTerm(whole: string, text: string, at: number): Term {
  const name = /^(?:[^~^@]|@(?!\{))*/u.exec(text)?.[0] ?? '';
  const bad = forbidden.exec(name);
  if (bad) throw syntaxError(whole, at + bad.index, `"${bad[0]}" cannot be part of a name`);
  if (name === '' && !text.startsWith('@{')) throw syntaxError(whole, at, 'a name is missing');
  const steps: Step[] = [];
  let after: Before = name === '' ? 'start' : 'name';
  for (let i = name.length; i < text.length;) {
    const { step, length } = parseStep(whole, text.slice(i), at + i, after);
    // `^0` and `^{}` say "the commit", which every term is.
    if (step.kind !== 'parent' || step.number > 0) steps.push(step);
    after = step.kind === 'previous' || step.kind === 'upstream' ? 'name' : 'step';
    i += length;
  }
  return { text, name, steps, at };
}

/** What is before a step: nothing, what names a ref, or a step that leads to a commit. */
type Before = 'start' | 'name' | 'step';

/** Parses the step that a text begins with. */
function parseStep(whole: string, text: string, at: number, after: Before) {
  const fail = (fact: string, offset = 0) => syntaxError(whole, at + offset, fact);
  const plain = /^([~^])(\d*)/.exec(text);
  if (plain && !text.startsWith('^{')) {
    const [{ length }, sign, digits] = plain;
    if (digits.length > 9) throw fail('the number is too large', 1);
    const number = digits === '' ? 1 : Number(digits);
    return { step: { kind: sign === '~' ? 'ancestor' : 'parent', number } satisfies Step, length };
  }
  if (!/^[@^]\{/.test(text)) throw fail(`"${[...text][0]}" cannot follow "${whole.slice(0, at).trimStart()}"`);
  const end = text.indexOf('}');
  if (end < 0) throw fail('the "}" to this "{" is missing', 1);
  const [inside, length] = [text.slice(2, end), end + 1];
  if (text.startsWith('^')) {
    if (inside !== '' && inside !== 'commit') throw fail(`"${inside}" is not what a stack is made of`, 2);
    return { step: { kind: 'parent', number: 0 } satisfies Step, length };
  }
  if (after === 'step') throw fail('"@{" must follow a name directly');
  if (/^(u|upstream)$/i.test(inside)) return { step: { kind: 'upstream', number: 0 } satisfies Step, length };
  const [, sign, digits] = /^(-?)(\d{1,9})$/.exec(inside) ?? [];
  if (digits === undefined) throw fail('a number must stand between "@{" and "}"', 2);
  if (sign === '') return { step: { kind: 'log', number: Number(digits) } satisfies Step, length };
  if (after !== 'start') throw fail(`"@{${inside}}" has no name before it`);
  if (Number(digits) === 0) throw fail('checkouts are counted from 1', 2);
  return { step: { kind: 'previous', number: Number(digits) } satisfies Step, length };
}

/** Says what is wrong, and where: whoever shows the error points at the place `at` of `text`. */
function syntaxError(text: string, at: number, fact: string): UsageError {
  // A line break would end the sentence.
  const line = text.replace(/\p{Cc}/gu, ' ');
  const column = [...text.slice(0, at)].length + 1;
  return new UsageError('STACK_SYNTAX', `Cannot read the stack "${line}": ${fact} at column ${column}`, {
    hint: 'Join names of branches, tags or commits with "+", as in calc~1+math; "base" is the empty stack.',
    data: { text, at },
  });
}
