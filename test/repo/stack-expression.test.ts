import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BankaiError } from '../../src/errors.js';
import { nearestNames } from '../../src/repo/nearest-names.js';
import { assertRefName } from '../../src/repo/ref-name.js';
import { parseStack } from '../../src/repo/stack-expression.js';

const name = fc.stringMatching(/^[a-z][a-z0-9._/-]{0,8}$/);

describe('a stack expression', () => {
  test('is names joined by +, and spaces around them do not count', () => {
    expect(parseStack(' calc + math/primes')).toEqual({
      text: 'calc+math/primes',
      terms: [
        { name: 'calc', at: 1 },
        { name: 'math/primes', at: 8 },
      ],
    });
  });

  test('of any names parses to these names', () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (names) => {
        const { text, terms } = parseStack(names.join('+'));
        expect(terms.map((term) => term.name)).toEqual(names);
        for (const term of terms) expect(text.startsWith(term.name, term.at)).toBe(true);
      }),
    );
  });

  test('that is none points at the character', () => {
    const message = (text: string) => {
      try {
        parseStack(text);
      } catch (error) {
        return (error as BankaiError).message;
      }
      return undefined;
    };
    expect(message('calc++math')).toBe(
      'Cannot read the stack "calc++math": a name is missing at column 6\n  calc++math\n       ^',
    );
    expect(message('calc+ma th')).toBe(
      'Cannot read the stack "calc+ma th": " " cannot be part of a name at column 8\n  calc+ma th\n         ^',
    );
    expect(message('calc+')).toContain('\n  calc+\n       ^');
    expect(message('')).toContain('a name is missing at column 1');
  });

  test('is parsed or refused with STACK_SYNTAX, whatever the text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        let failed: unknown;
        try {
          parseStack(text);
        } catch (error) {
          failed = error;
        }
        if (failed !== undefined) expect(failed).toBeErrorWithCode('STACK_SYNTAX');
      }),
    );
  });
});

describe('the name of a branch or tag', () => {
  test.each(['calc', 'math/primes', 'v1.2', 'a-b_c', 'ünïcode', 'deadbeef'])('may be %s', (text) => {
    expect(() => assertRefName(text)).not.toThrow();
  });

  test.each([
    ...[
      '',
      'base',
      'HEAD',
      'a+b',
      'a b',
      'a~1',
      'a^',
      'a:b',
      'a?',
      'a*',
      'a[b',
      'a\\b',
      '-a',
      'a.',
      'a..b',
      '@',
      'a@{1',
    ],
    ...['/a', 'a/', 'a//b', '.a', 'a/.b', 'a.lock', 'a.lock/b', 'a\nb', 'a\x7f', 'f'.repeat(40)],
  ])('may not be %j', async (text) => {
    await expect(() => assertRefName(text)).toFailWithCode('NAME_INVALID');
  });
});

test('the nearest names to a mistyped one come first, and far ones not at all', () => {
  expect(nearestNames('cal', ['math', 'calc2', 'calc'])).toEqual(['calc', 'calc2']);
  expect(nearestNames('Math', ['math', 'calc'])).toEqual(['math']);
  expect(nearestNames('x', ['y', 'zz'])).toEqual([]);
});
