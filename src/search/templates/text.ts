/** Owns texts with expressions in braces: `d/dx [{term(a, n)}] =`. */
import { evaluateExpression, type Scope } from './evaluate-expression.js';
import { type Expression, type Fault, parseExpression, type Vocabulary } from './expression.js';

/** A text taken apart: literal parts and expressions. */
export type TemplateText = readonly (string | Expression)[];

/** A hole: an expression whose quoted texts may hold braces. `{{` and `}}` stand for the braces themselves. */
const pieces = /\{\{|\}\}|\{((?:[^{}'"]|'[^']*'|"[^"]*")*)\}|[{}]/g;

/** Takes a text apart. Throws what `fault` makes of a brace without its other one, and what `parseExpression` throws. */
export function parseTemplateText(source: string, vocabulary: Vocabulary, fault: Fault): TemplateText {
  const parts: (string | Expression)[] = [];
  let end = 0;
  for (const { 0: piece, 1: hole, index } of source.matchAll(pieces)) {
    parts.push(source.slice(end, index));
    end = index + piece.length;
    if (hole !== undefined) parts.push(parseExpression(hole, index + 2, vocabulary, fault));
    else if (piece.length === 2) parts.push(piece[0]);
    else throw fault(index + 1, `"${piece}" has no counterpart (write "${piece}${piece}" for the character itself)`);
  }
  return [...parts, source.slice(end)];
}

/** Fills in the holes. */
export function fillTemplateText(parts: TemplateText, scope: Scope): string {
  return parts.map((part) => (typeof part === 'string' ? part : String(evaluateExpression(part, scope)))).join('');
}
