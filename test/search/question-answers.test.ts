import { describe, expect, test } from '@jest/globals';
import { extractAnswer, parseQuestions, type QuestionFields } from '../../src/search/question-answers.js';

const read = (lines: readonly unknown[], fields: Partial<QuestionFields> = {}) =>
  parseQuestions(Buffer.from(lines.map((line) => JSON.stringify(line)).join('\r\n')), 'qa.jsonl', {
    wording: '{question}',
    ...fields,
  });

describe('an answer is', () => {
  test.each([
    ['what follows the last ####', 'He has 3 #### no\n#### 72', '72'],
    ['what the last box holds', 'So \\boxed{1}, no, \\boxed{\\frac{1}{2}}.', '\\frac{1}{2}'],
    ['a line by itself', ' Paris ', 'Paris'],
    ['not told by several lines', 'First this.\nThen that.', undefined],
    ['not told by nothing', '#### ', undefined],
    ['not told by too much', 'x'.repeat(5000), undefined],
  ])('%s', (_, solution, answer) => {
    expect(extractAnswer(solution)).toBe(answer);
  });
});

describe('a set of questions', () => {
  test.each([
    ['GSM8K', { question: 'How many?', answer: '48/2 = 24\n#### 1,224' }, ' 1224', [' 1,224']],
    [
      'SQuAD',
      { question: 'Who?', context: 'c', answers: { text: ['Ada', 'Ada', 'A. L.'], answer_start: [1] } },
      ' Ada',
      [' A. L.'],
    ],
    ['prompt/completion', { prompt: '2 + 2 =', completion: ' 4' }, ' 4', undefined],
    ['input/target', { input: 'Half of 4?', target: 2 }, ' 2', undefined],
  ])('in the form of %s is read', (_, row, correct, alternates) => {
    const [probe] = read([row]).probes;
    expect([probe.correct, probe.alternates]).toEqual([correct, alternates]);
  });

  test('is worded as asked, whatever is in the question', () => {
    const row = { q: ' $& {context}? ', a: 'yes', context: 'C' };
    const fields = { question: 'q', answer: 'a', wording: '{context} Q: {question}\nA: ', category: 'k' };
    expect(read([row], fields).probes).toEqual([{ prompt: 'C Q: $& {context}?\nA:', correct: ' yes', category: 'k' }]);
  });

  test('counts what it leaves out', () => {
    const good = { question: 'a', answer: 'b' };
    const { probes, skipped } = read([good, { answer: 'b' }, { question: 'a' }, { question: 'a', answer: 'b\nc' }]);
    expect(probes).toHaveLength(1);
    expect(skipped).toEqual({ 'no question': 1, 'no answer that can be told': 2 });
  });

  test.each([
    ['no JSON', '{"question"', 'line 1 is not a JSON object'],
    ['a list', '[1]', 'line 1 is not a JSON object'],
    ['nothing to use', '{"a":"b"}', 'no line has a question and an answer'],
    ['bytes that are no text', Uint8Array.of(0xff), 'not valid UTF-8'],
  ])('is refused when it has %s', async (_, content, fact) => {
    const parse = () => parseQuestions(Buffer.from(content as string), 'qa.jsonl', { wording: '{question}' });
    expect(parse).toThrow(fact);
    await expect(parse).toFailWithCode('PROBES_INVALID');
  });
});
