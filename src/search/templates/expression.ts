/** Owns the grammar of expressions in probe templates (docs/FORMAT.md, "Templates"): from text to a tree. */

/** What an expression is worth. Numbers are integers of at most 2⁵³ − 1 in magnitude. */
export type Value = number | string | boolean;

/** A parsed expression. Operators are operations like the functions, named by their sign. Columns count from 1. */
export type Expression =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'name'; readonly name: string; readonly column: number }
  | {
      readonly kind: 'operation';
      readonly name: string;
      readonly operands: readonly Expression[];
      readonly column: number;
    };

/** Makes the error of the place at hand out of a column and a fact. */
export type Fault = (column: number, fact: string) => Error;

/** What an expression may refer to. */
export interface Vocabulary {
  readonly names: ReadonlySet<string>;
  /** The least and the greatest number of operands of every function. */
  readonly functions: ReadonlyMap<string, readonly [least: number, most: number]>;
}

/** Parentheses, operands and signs within each other. */
const DEPTH_LIMIT = 32;

/** How tightly binary operators bind; all but `^` group to the left. */
const binding: ReadonlyMap<string, number> = new Map(
  [['||'], ['&&'], ['==', '!='], ['<', '<=', '>', '>='], ['+', '-'], ['*', '/', '//', '%'], ['^']].flatMap(
    (signs, level) => signs.map((sign): [string, number] => [sign, level + 1]),
  ),
);
const POWER = binding.get('^') ?? 0;

interface Token {
  readonly kind: 'number' | 'string' | 'word' | 'sign' | 'end';
  readonly text: string;
  readonly column: number;
}

const tokenPattern =
  /\s*(?:(?<number>\d+)|(?<string>'[^']*'|"[^"]*")|(?<word>[A-Za-z_]\w*)|(?<sign>\|\||&&|[=!<>]=|\/\/|[-+*/%^<>!?:(),]))/uy;

/**
 * Parses an expression that begins at `column` of its text. Whatever is wrong (a sign that does not belong there, a name
 * or function that does not exist, too many operands) is thrown as what `fault` makes of it.
 */
export function parseExpression(source: string, column: number, vocabulary: Vocabulary, fault: Fault): Expression {
  const tokens = tokenize(source, column, fault);
  let next = 0;
  let depth = 0;
  const peek = (): string => (tokens[next].kind === 'sign' ? tokens[next].text : '');

  function expect(sign: string, after: string): void {
    if (peek() !== sign)
      throw fault(tokens[next].column, `expected "${sign}" ${after}, found ${describe(tokens[next])}`);
    next++;
  }

  function nested<T>(parse: () => T): T {
    if (++depth > DEPTH_LIMIT) throw fault(tokens[next].column, `is nested more than ${DEPTH_LIMIT} deep`);
    const result = parse();
    depth--;
    return result;
  }

  /** A choice `a ? b : c`, or what binds tighter. */
  function choice(): Expression {
    return nested(() => {
      const condition = binary(1);
      if (peek() !== '?') return condition;
      const at = tokens[next++].column;
      const yes = choice();
      expect(':', 'between the two values of "?"');
      return { kind: 'operation', name: 'if', operands: [condition, yes, choice()], column: at };
    });
  }

  function binary(level: number): Expression {
    let left = unary();
    for (;;) {
      const name = peek();
      const strength = binding.get(name) ?? 0;
      if (strength < level) return left;
      const at = tokens[next++].column;
      const right = nested(() => binary(name === '^' ? strength : strength + 1));
      left = { kind: 'operation', name, operands: [left, right], column: at };
    }
  }

  function unary(): Expression {
    const sign = peek();
    if (sign !== '-' && sign !== '!') return primary();
    const at = tokens[next++].column;
    // −x^2 is −(x^2), as in mathematics.
    const operand = nested(() => binary(POWER));
    return { kind: 'operation', name: sign === '-' ? 'negate' : '!', operands: [operand], column: at };
  }

  function primary(): Expression {
    const token = tokens[next++];
    if (token.kind === 'number') return { kind: 'value', value: readInteger(token) };
    if (token.kind === 'string') return { kind: 'value', value: token.text.slice(1, -1) };
    if (token.kind === 'word') return peek() === '(' ? call(token) : name(token);
    if (token.text === '(') {
      const inner = choice();
      expect(')', 'to close "("');
      return inner;
    }
    throw fault(token.column, `expected a value, found ${describe(token)}`);
  }

  function readInteger({ text, column: at }: Token): number {
    if (Number.isSafeInteger(Number(text))) return Number(text);
    throw fault(at, `${text} is greater than ${Number.MAX_SAFE_INTEGER}`);
  }

  function name({ text, column: at }: Token): Expression {
    if (text === 'true' || text === 'false') return { kind: 'value', value: text === 'true' };
    if (vocabulary.names.has(text)) return { kind: 'name', name: text, column: at };
    throw fault(at, `there is no parameter "${text}" (there is ${list(vocabulary.names)})`);
  }

  function call({ text, column: at }: Token): Expression {
    const arity = vocabulary.functions.get(text);
    if (!arity) throw fault(at, `there is no function "${text}" (there is ${list(vocabulary.functions.keys())})`);
    next++;
    const operands: Expression[] = [];
    while (peek() !== ')') {
      if (operands.length > 0) expect(',', `between the operands of ${text}`);
      operands.push(choice());
    }
    next++;
    const [least, most] = arity;
    if (operands.length < least || operands.length > most) {
      throw fault(
        at,
        `${text} takes ${least === most ? least : `${least} to ${most}`} operands, not ${operands.length}`,
      );
    }
    return { kind: 'operation', name: text, operands, column: at };
  }

  const expression = choice();
  if (tokens[next].kind !== 'end')
    throw fault(tokens[next].column, `expected an operator, found ${describe(tokens[next])}`);
  return expression;
}

function tokenize(source: string, column: number, fault: Fault): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(tokenPattern);
  const end = source.trimEnd().length;
  while (pattern.lastIndex < end) {
    const start = pattern.lastIndex;
    const groups = pattern.exec(source)?.groups;
    if (!groups) {
      const at = start + (/^\s*/.exec(source.slice(start))?.[0].length ?? 0);
      throw fault(column + at, `cannot read ${JSON.stringify(source.slice(at, at + 8))}`);
    }
    const [kind, text] = Object.entries(groups).find(([, found]) => found !== undefined) as [Token['kind'], string];
    tokens.push({ kind, text, column: column + pattern.lastIndex - text.length });
  }
  return [...tokens, { kind: 'end', text: '', column: column + end }];
}

function describe({ kind, text }: Token): string {
  return kind === 'end' ? 'the end' : JSON.stringify(text);
}

function list(names: Iterable<string>): string {
  return [...names].join(', ') || 'none';
}
