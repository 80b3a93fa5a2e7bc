/** Templates of probes: what they expand to, what their expressions mean, and that none can explode. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseProbes } from '../../src/search/probes.js';

const expand = (...entries: readonly object[]) =>
  parseProbes(Buffer.from(JSON.stringify(entries)), 'templates.json').probes;
const base = { template: 1, prompt: '{a} ', correct: ' {a}', parameters: { a: { from: 1, to: 3 } } };
const failure = (entry: object): string => {
  try {
    expand(entry);
  } catch (error) {
    expect(error).toBeErrorWithCode('PROBES_INVALID');
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
};

describe('a template', () => {
  test('runs through all combinations, the last parameter fastest', () => {
    const parameters = { a: { from: 1, to: 2 }, n: [5, 7] };
    expect(expand({ ...base, prompt: 'd/dx [{a}x^{n}] =', correct: ' {a*n}x^{n-1}', parameters })).toEqual([
      { prompt: 'd/dx [1x^5] =', correct: ' 5x^4' },
      { prompt: 'd/dx [1x^7] =', correct: ' 7x^6' },
      { prompt: 'd/dx [2x^5] =', correct: ' 10x^4' },
      { prompt: 'd/dx [2x^7] =', correct: ' 14x^6' },
    ]);
  });

  test('fills in all texts, and numbers its names', () => {
    const texts = { wrong: ' {a+1}', category: 'c{a}', name: 'sum', alternates: ['{a}.0'] };
    expect(expand({ ...base, ...texts, parameters: { a: [4] } })).toEqual([
      { prompt: '4 ', correct: ' 4', wrong: ' 5', category: 'c4', name: 'sum 1', alternates: ['4.0'] },
    ]);
  });

  test('stands among probes, whose braces are their own', () => {
    const probe = { prompt: '{a}', correct: ' 1' };
    expect(expand(probe, base, probe).map(({ prompt }) => prompt)).toEqual(['{a}', '1 ', '2 ', '3 ', '{a}']);
  });

  test('takes what `where` allows, and one prompt once', () => {
    const parameters = { a: { from: 1, to: 9 }, b: [1, 2] };
    expect(expand({ ...base, parameters, where: 'prime(a)' }).map(({ prompt }) => prompt)).toEqual([
      '2 ',
      '3 ',
      '5 ',
      '7 ',
    ]);
  });

  test('draws the same samples again, others for another seed, from small and from large spaces', () => {
    for (const to of [100, 1_000_000_000]) {
      const sampled = { ...base, parameters: { a: { from: 1, to: Math.min(to, 50_000) }, b: { from: 1, to: 50 } } };
      const draw = (seed: number) => expand({ ...sampled, prompt: '{a} {b}', samples: 20, seed });
      expect(draw(1)).toEqual(draw(1));
      expect(draw(1)).not.toEqual(draw(2));
      expect(new Set(draw(1).map(({ prompt }) => prompt)).size).toBe(20);
    }
  });

  test('draws these samples with version 1 of the algorithm', () => {
    const prompts = expand({ ...base, parameters: { a: { from: 1, to: 1000 } }, samples: 4 }).map(
      ({ prompt }) => prompt,
    );
    expect(prompts).toMatchSnapshot();
  });
});

describe('an expression', () => {
  const value = (expression: string): string =>
    expand({ ...base, prompt: `p {${expression}}`, parameters: { a: [6], n: [-4], s: ['Rome'] } })[0].prompt.slice(2);

  test.each([
    ['1 + 2 * 3 - 4', '3'],
    ['2 ^ 3 ^ 2', '512'],
    ['-2 ^ 2', '-4'],
    ['(-2) ^ 2', '4'],
    ['10 - 4 - 3', '3'],
    ['-7 // 2', '-4'],
    ['-7 % 3', '2'],
    ['mod(7, -3)', '-2'],
    ['a / 2', '3'],
    ['0 * -1', '0'],
    ['fraction(a, n)', '-3/2'],
    ['fraction(8, 4)', '2'],
    ['gcd(12, -18) + lcm(4, 6)', '18'],
    ['term(a, 2)', '6x^2'],
    ['term(1, 1)', 'x'],
    ['term(-1, 3, "y")', '-y^3'],
    ['term(3, 0)', '3'],
    ['term(0, 5)', '0'],
    ['sum(term(3, 2), term(-2, 1), 0, 7)', '3x^2 - 2x + 7'],
    ['sum(0, 0)', '0'],
    ['sum(0, -2)', '-2'],
    ['signed(n)', '- 4'],
    ['prime(97) && !prime(91) || false', 'true'],
    ['a > 5 ? "big" : 1 / 0', 'big'],
    ['if(a < 5, 1 / 0, s + "!")', 'Rome!'],
    ['choose(2, "a", "b")', 'b'],
    ['square(49) == true ? root(50) : 0', 'false is no number'],
    ['upper(s) + lower(s) + text(a)', 'ROMErome6'],
    ['\'{\' + "}"', '{}'],
    ['min(3, a, n) + max(1, 2) + abs(n)', '2'],
  ])('%s is %s', (expression, expected) => {
    if (expected.endsWith('no number')) {
      expect(() => value(expression)).toThrow('cannot compare true with true');
    } else {
      expect(value(expression)).toBe(expected);
    }
  });

  test('computes as integers do', () => {
    const integer = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(
        integer,
        integer,
        integer.filter((c) => c !== 0),
        (a, b, c) => {
          const parameters = { a: [a], b: [b], c: [c] };
          const [{ prompt }] = expand({
            ...base,
            prompt: '{a * b - c} {a // c} {a % c} {c * (a // c) + a % c}',
            parameters,
          });
          const quotient = Math.floor(a / c) + 0;
          expect(prompt).toBe(`${a * b - c} ${quotient} ${a - c * quotient} ${a}`);
        },
      ),
    );
  });

  test.each([
    ['{b}', '/0/prompt, column 2: there is no parameter "b" (there is a)'],
    ['x {a + }', '/0/prompt, column 7: expected a value, found the end'],
    ['x {a a}', '/0/prompt, column 6: expected an operator, found "a"'],
    ['x {(a}', '/0/prompt, column 6: expected ")" to close "(", found the end'],
    ['x {a', '/0/prompt, column 3: "{" has no counterpart'],
    ['x }', '/0/prompt, column 3: "}" has no counterpart'],
    ['{trem(a)}', '/0/prompt, column 2: there is no function "trem"'],
    ['{constructor(a)}', 'there is no function "constructor"'],
    ['{gcd(a)}', '/0/prompt, column 2: gcd takes 2 operands, not 1'],
    ['{a # 2}', '/0/prompt, column 4: cannot read "# 2"'],
    ['{99999999999999999999}', '/0/prompt, column 2: 99999999999999999999 is greater than'],
    [
      '{a / 4}',
      '/0/prompt, column 4: 4 does not divide 1: use // for the quotient, fraction(1, 4) for the text (with a = 1)',
    ],
    ['{a // 0}', 'division by zero'],
    ['{10 ^ 99}', 'no integer within'],
    ['{9007199254740991 + 1}', 'no integer within'],
    ['{"x" * 2}', 'expected an integer, found "x"'],
    ['{a ? 1 : 2}', 'expected true or false, found 1'],
    [`{${'('.repeat(99)}a${')'.repeat(99)}}`, 'is nested more than 32 deep'],
    [`{${'-'.repeat(99)}a}`, 'is nested more than 32 deep'],
  ])('%s is refused with its place', (prompt, message) => {
    expect(failure({ ...base, prompt })).toContain(message);
  });
});

describe('no template can explode', () => {
  const wide = { a: { from: 1, to: 100_000 }, b: { from: 1, to: 100_000 } };
  test.each([
    [
      'combinations without samples',
      { parameters: { a: { from: 1, to: 1000 }, b: { from: 1, to: 1000 } } },
      'combinations (limit 100000 without "samples")',
    ],
    ['combinations', { parameters: wide, samples: 1 }, 'have 10000000000 combinations (limit 4294967296)'],
    ['values', { parameters: { a: { from: 1, to: 1_000_000_000 } }, samples: 1 }, 'has more than 100000 values'],
    ['work', { where: 'prime(9007199254740991)' }, 'take more than 20000000 steps'],
    [
      'text',
      {
        prompt: '{a}{s}',
        correct: '{s + s + s + s}',
        parameters: { a: { from: 1, to: 50_000 }, s: ['x'.repeat(1000)] },
      },
      'too long together',
    ],
    ['no value', { parameters: { a: { from: 2, to: 1 } } }, 'has no value'],
    ['no combination', { where: 'a > 5' }, 'gives no probe'],
    ['too few for the samples', { samples: 4 }, '/0/samples is 4, but there are only 3 different prompts'],
    ['a condition that is none', { where: 'a' }, 'is neither true nor false (with a = 1)'],
    ['what is no probe', { correct: '{a > 1 ? "" : "x"}' }, 'expands to what is no probe: /1/correct'],
    ['a version of later days', { template: 2 }, '/0/template must be equal to constant'],
    ['a misspelt member', { sample: 2 }, 'must NOT have additional properties ("sample")'],
  ])('%s', (_, change, message) => {
    expect(failure({ ...base, ...change })).toContain(message);
  });

  test('many templates, each within its limits', () => {
    const template = { ...base, prompt: '{a}', parameters: { a: { from: 1, to: 60_000 } } };
    expect(() => expand(template, template)).toThrow('there are too many probes in all');
  });
});
