/** Owns what a branch or tag may be called. */
import { UsageError } from '../errors.js';

/** Names with a meaning of their own in stack expressions. */
const reserved = new Set(['base', 'HEAD']);

/**
 * Asserts that a name can be a branch or tag and be written in a stack expression: git's own rules (git-check-ref-format),
 * no `+`, not `base` or `HEAD`, nothing that reads as a commit id. Throws NAME_INVALID.
 */
export function assertRefName(name: string): void {
  const fact = fault(name);
  if (fact === undefined) return;
  throw new UsageError('NAME_INVALID', `Cannot use "${name}" as a name: ${fact}`, {
    hint: 'Choose letters, digits, "-", "_", "." and "/", as in calc or math/primes.',
  });
}

function fault(name: string): string | undefined {
  if (reserved.has(name)) return 'the word is reserved';
  if (name.includes('+')) return '"+" joins the names of a stack';
  if (/^[0-9a-f]{40}$/.test(name)) return 'it reads as a commit id';
  return refNameFault(name);
}

/** What git has against a name (git-check-ref-format); undefined where it takes it. */
export function refNameFault(name: string): string | undefined {
  if (name === '') return 'it is empty';
  const character = /[\s~^:?*[\]\\{}\p{Cc}]/u.exec(name);
  if (character) return `"${character[0]}" is not allowed`;
  if (name.startsWith('-')) return 'it begins with "-"';
  if (name.endsWith('.')) return 'it ends with "."';
  if (name.includes('..')) return 'it contains ".."';
  if (name === '@' || name.includes('@{')) return '"@" has a meaning of its own';
  for (const part of name.split('/')) {
    if (part === '') return 'a part between slashes is empty';
    if (part.startsWith('.')) return 'a part begins with "."';
    if (part.endsWith('.lock')) return 'a part ends with ".lock"';
  }
  return undefined;
}
