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
        { text: 'calc', name: 'calc', steps: [], at: 1 },
        { text: 'math/primes', name: 'math/primes', steps: [], at: 8 },
      ],
      without: [],
    });
  });

  test.each<[string, string, unknown[]]>([
    ['calc~', 'calc', [{ kind: 'ancestor', number: 1 }]],
    [
      'calc~2^^3',
      'calc',
      [
        { kind: 'ancestor', number: 2 },
        { kind: 'parent', number: 1 },
        { kind: 'parent', number: 3 },
      ],
    ],
    ['calc^0~0', 'calc', [{ kind: 'ancestor', number: 0 }]],
    ['v1^{}^{commit}', 'v1', []],
    ['@', '@', []],
    ['@^', '@', [{ kind: 'parent', number: 1 }]],
    ['me@home', 'me@home', []],
    [
      'calc@{12}~1',
      'calc',
      [
        { kind: 'log', number: 12 },
        { kind: 'ancestor', number: 1 },
      ],
    ],
    ['@{1}', '', [{ kind: 'log', number: 1 }]],
    ['@{-2}', '', [{ kind: 'previous', number: 2 }]],
    [
      '@{-1}@{0}',
      '',
      [
        { kind: 'previous', number: 1 },
        { kind: 'log', number: 0 },
      ],
    ],
    ['calc@{u}', 'calc', [{ kind: 'upstream', number: 0 }]],
    [
      '@{upstream}^2',
      '',
      [
        { kind: 'upstream', number: 0 },
        { kind: 'parent', number: 2 },
      ],
    ],
  ])('%s is a name and steps', (text, name, steps) => {
    expect(parseStack(` base+ ${text} `).terms[1]).toEqual({ text, name, steps, at: 7 });
  });

  test.each([
    ['~1', 0, 'a name is missing'],
    ['a+^', 2, 'a name is missing'],
    ['a^b', 2, '"b" cannot follow "a^"'],
    ['a~1 b', 3, '" " cannot follow "a~1"'],
    ['a~1@{1}', 3, '"@{" must follow a name directly'],
    ['a@{1}@{2}', 5, '"@{" must follow a name directly'],
    ['a@{-1}', 1, '"@{-1}" has no name before it'],
    ['@{-0}', 2, 'checkouts are counted from 1'],
    ['a@{yesterday}', 3, 'a number must stand between "@{" and "}"'],
    ['a@{1', 2, 'the "}" to this "{" is missing'],
    ['a^{tree}', 3, '"tree" is not what a stack is made of'],
    ['a~1234567890', 2, 'the number is too large'],
    ['a:b', 1, '":" cannot be part of a name'],
  ])('%s is refused at the character', (text, at, fact) => {
    expect(() => parseStack(text)).toThrow(
      expect.objectContaining({
        code: 'STACK_SYNTAX',
        message: `Cannot read the stack "${text}": ${fact} at column ${at + 1}`,
        data: { text, at },
      }),
    );
  });

  test('may leave stacks out', () => {
    const { text, terms, without } = parseStack('a + b --without  c+d~1 --without e');
    expect(text).toBe('a+b --without c+d~1+e');
    expect([terms, without].map((list) => list.map((term) => [term.text, term.at]))).toEqual([
      [
        ['a', 0],
        ['b', 4],
      ],
      [
        ['c', 17],
        ['d~1', 19],
        ['e', 33],
      ],
    ]);
    expect(parseStack(text)).toMatchObject({ text });
    expect(() => parseStack('a --without ')).toThrow('a name is missing at column 13');
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
    expect(message('calc++math')).toBe('Cannot read the stack "calc++math": a name is missing at column 6');
    expect(message('calc+ma th')).toBe('Cannot read the stack "calc+ma th": " " cannot be part of a name at column 8');
    // A character outside the BMP is one.
    expect(message('𝒸𝒶𝓁𝒸+ma th')).toContain('at column 8');
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
