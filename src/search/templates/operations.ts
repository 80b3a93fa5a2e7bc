/** Owns what the operators and functions of probe templates do (docs/FORMAT.md, "Templates"). */
import type { Value } from './expression.js';

/** The longest text an expression may be worth, in UTF-16 units. */
const TEXT_LIMIT = 4096;

/** The name of a term's unknown unless another one is given. */
const UNKNOWN = 'x';

/** What an operation is worth, given its operands; a wrong operand is thrown as what `fail` makes. */
export interface Operation {
  readonly operands: readonly [least: number, most: number];
  run(operands: readonly Value[], context: OperationContext): Value;
}

export interface OperationContext {
  fail(fact: string): Error;
  /** Counts work against the file's budget. */
  spend(steps: number): void;
}

type OnIntegers = (numbers: readonly number[], context: OperationContext) => Value;

/** An operation on integers whose result, when a number, is checked to be a safe integer. */
function onIntegers(operands: Operation['operands'], run: OnIntegers): Operation {
  return {
    operands,
    run: (values, context) => {
      const result = run(
        values.map((value) => integer(value, context)),
        context,
      );
      if (typeof result !== 'number' || Number.isSafeInteger(result)) return result;
      throw context.fail('the result is no integer within ±(2^53 − 1)');
    },
  };
}

const comparison = (holds: (order: number) => boolean): Operation => ({
  operands: [2, 2],
  run: ([a, b], { fail }) => {
    if (typeof a !== typeof b || typeof a === 'boolean') throw fail(`cannot compare ${show(a)} with ${show(b)}`);
    return holds(a === b ? 0 : a < b ? -1 : 1);
  },
});

/** The operators, by their sign. `if`, `&&` and `||` are not among them: they do not evaluate all operands. */
export const operators: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['==', comparison((order) => order === 0)],
  ['!=', comparison((order) => order !== 0)],
  ['<', comparison((order) => order < 0)],
  ['<=', comparison((order) => order <= 0)],
  ['>', comparison((order) => order > 0)],
  ['>=', comparison((order) => order >= 0)],
  ['+', { operands: [2, 2], run: add }],
  ['-', onIntegers([2, 2], ([a, b]) => a - b)],
  ['*', onIntegers([2, 2], ([a, b]) => a * b + 0)],
  ['/', onIntegers([2, 2], divideExactly)],
  ['//', onIntegers([2, 2], ([a, b], context) => Math.floor(a / nonZero(b, context)) + 0)],
  ['%', onIntegers([2, 2], ([a, b], context) => modulo(a, nonZero(b, context)))],
  ['^', onIntegers([2, 2], power)],
  ['negate', onIntegers([1, 1], ([a]) => 0 - a)],
  ['!', { operands: [1, 1], run: ([a], context) => !truth(a, context) }],
]);

/** The functions, by name. */
export const functions: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['abs', onIntegers([1, 1], ([a]) => Math.abs(a))],
  ['min', onIntegers([1, 16], (numbers) => Math.min(...numbers))],
  ['max', onIntegers([1, 16], (numbers) => Math.max(...numbers))],
  ['gcd', onIntegers([2, 2], ([a, b]) => gcd(a, b))],
  ['lcm', onIntegers([2, 2], ([a, b]) => (a === 0 || b === 0 ? 0 : Math.abs(a / gcd(a, b)) * Math.abs(b)))],
  ['mod', onIntegers([2, 2], ([a, b], context) => modulo(a, nonZero(b, context)))],
  ['root', onIntegers([1, 1], ([a], context) => squareRoot(a, context))],
  ['square', onIntegers([1, 1], ([a], context) => a >= 0 && squareRoot(a, context) ** 2 === a)],
  ['prime', onIntegers([1, 1], ([a], context) => isPrime(a, context))],
  ['fraction', onIntegers([2, 2], ([a, b], context) => fraction(a, nonZero(b, context)))],
  ['signed', onIntegers([1, 1], ([a]) => (a < 0 ? `- ${-a}` : `+ ${a}`))],
  ['term', { operands: [2, 3], run: term }],
  ['sum', { operands: [1, 16], run: sum }],
  ['text', { operands: [1, 1], run: ([a]) => String(a) }],
  ['upper', { operands: [1, 1], run: ([a], context) => text(a, context).toUpperCase() }],
  ['lower', { operands: [1, 1], run: ([a], context) => text(a, context).toLowerCase() }],
  ['choose', { operands: [2, 17], run: choose }],
  // Evaluated like `? :`; here for its number of operands.
  ['if', { operands: [3, 3], run: ([condition, yes, no], context) => (truth(condition, context) ? yes : no) }],
]);

/** Asserts that a value is true or false. */
export function truth(value: Value, { fail }: OperationContext): boolean {
  if (typeof value === 'boolean') return value;
  throw fail(`expected true or false, found ${show(value)}`);
}

function integer(value: Value, { fail }: OperationContext): number {
  if (typeof value === 'number') return value;
  throw fail(`expected an integer, found ${show(value)}`);
}

function text(value: Value, { fail }: OperationContext): string {
  if (typeof value === 'string') return value;
  throw fail(`expected a text, found ${show(value)}`);
}

function nonZero(value: number, { fail }: OperationContext): number {
  if (value !== 0) return value;
  throw fail('division by zero');
}

function add([a, b]: readonly Value[], context: OperationContext): Value {
  if (typeof a !== 'string' && typeof b !== 'string') {
    const result = integer(a, context) + integer(b, context);
    if (Number.isSafeInteger(result)) return result;
    throw context.fail('the result is no integer within ±(2^53 − 1)');
  }
  const joined = `${a}${b}`;
  if (joined.length > TEXT_LIMIT) throw context.fail(`a text has more than ${TEXT_LIMIT} characters`);
  return joined;
}

function divideExactly([a, b]: readonly number[], context: OperationContext): number {
  if (a % nonZero(b, context) === 0) return a / b + 0;
  throw context.fail(`${b} does not divide ${a}: use // for the quotient, fraction(${a}, ${b}) for the text`);
}

function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest + 0;
}

function power([base, exponent]: readonly number[], context: OperationContext): number {
  if (exponent < 0) throw context.fail(`the exponent ${exponent} is negative`);
  const result = base ** exponent;
  if (Number.isSafeInteger(result)) return result;
  throw context.fail('the result is no integer within ±(2^53 − 1)');
}

function gcd(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/** ⌊√n⌋. */
function squareRoot(n: number, { fail }: OperationContext): number {
  if (n < 0) throw fail(`${n} has no root`);
  const root = Math.floor(Math.sqrt(n));
  // Near 2⁵³ the float may have been rounded up to the next integer.
  return root * root > n ? root - 1 : root;
}

function isPrime(n: number, context: OperationContext): boolean {
  if (n < 2) return false;
  const last = squareRoot(n, context);
  context.spend(last);
  for (let divisor = 2; divisor <= last; divisor++) if (n % divisor === 0) return false;
  return true;
}

/** In lowest terms, the sign in front; a whole number without denominator. */
function fraction(a: number, b: number): string {
  const divisor = gcd(a, b) * Math.sign(b);
  const [top, bottom] = [a / divisor + 0, b / divisor];
  return bottom === 1 ? String(top) : `${top}/${bottom}`;
}

/** `6x^2`, `x`, `-x`, `3`, `0`: a term as people write it. */
function term([coefficient, exponent, unknown = UNKNOWN]: readonly Value[], context: OperationContext): string {
  const [factor, degree, name] = [integer(coefficient, context), integer(exponent, context), text(unknown, context)];
  if (factor === 0 || degree === 0) return String(factor);
  const sign = factor === 1 ? '' : factor === -1 ? '-' : String(factor);
  return `${sign}${name}${degree === 1 ? '' : `^${degree}`}`;
}

/** Terms joined by their signs, without those that are zero: `3x^2 - 2x + 1`. */
function sum(values: readonly Value[], context: OperationContext): string {
  const terms = values.map((value) => (typeof value === 'number' ? String(value) : text(value, context)));
  const [first = '0', ...rest] = terms.filter((each) => each !== '0' && each !== '');
  const joined = rest.reduce((all, each) => all + (each.startsWith('-') ? ` - ${each.slice(1)}` : ` + ${each}`), first);
  if (joined.length > TEXT_LIMIT) throw context.fail(`a text has more than ${TEXT_LIMIT} characters`);
  return joined;
}

/** The operand at a place, the first after the place being number 1. */
function choose([place, ...values]: readonly Value[], context: OperationContext): Value {
  const index = integer(place, context);
  if (index >= 1 && index <= values.length) return values[index - 1];
  throw context.fail(`${index} chooses none of ${values.length} values`);
}

function show(value: Value): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 20)) : String(value);
}
