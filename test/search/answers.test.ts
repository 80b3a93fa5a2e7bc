import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { answerStop, answerTokenLimit, matchesAnswer } from '../../src/search/answers.js';
import { asciiTokenizer } from './small-engine.js';

const probe = { prompt: 'd/dx [6x^5] =', correct: ' 30x^4', alternates: [' 30 x^4', '30·x^4'] };

describe('a generated answer', () => {
  test.each([
    [' 30x^4', true],
    ['30x^4', true],
    ['\t30x^4  ', true],
    [' 30x^4\nd/dx [x] = 1', true],
    [' 30x^4\r\n', true],
    [' 30 x^4', true],
    [' 30  x^4', true],
    [' 30·x^4', true],
    [' 30x^45', false],
    [' 30x^4 + 2x', false],
    [' 30x^4.', false],
    [' 30x^', false],
    [' 30X^4', false],
    ['\n 30x^4', false],
    ['', false],
    ['the answer is 30x^4', false],
  ])('%j is right: %p', (generated, right) => {
    expect(matchesAnswer(generated, probe)).toBe(right);
  });

  test('is compared in one Unicode form', () => {
    expect(matchesAnswer(' cafe\u0301', { prompt: 'a', correct: ' caf\u00e9' })).toBe(true);
  });

  test('is right when it is the correct one and wrong when more follows on the line', () => {
    const words = fc.stringMatching(/^[a-z0-9^+]{1,12}$/);
    fc.assert(
      fc.property(words, words, (answer, more) => {
        const asked = { prompt: 'a', correct: ` ${answer}` };
        expect(matchesAnswer(`${answer}\n${more}`, asked)).toBe(true);
        expect(matchesAnswer(answer + more, asked)).toBe(false);
        expect(matchesAnswer(`${answer} ${more}`, asked)).toBe(false);
      }),
    );
  });
});

describe('generation for answers', () => {
  test('stops at the end of the line', () => {
    const stop = answerStop(asciiTokenizer);
    expect([[], [65], [65, 10], [13]].map(stop)).toEqual([false, false, true, true]);
  });

  test('has room for the longest accepted answer and more', () => {
    expect(answerTokenLimit([{ prompt: 'a', correct: 'abc', alternates: ['abcdef'] }], asciiTokenizer)).toBe(14);
  });
});
