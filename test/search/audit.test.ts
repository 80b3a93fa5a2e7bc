import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { type AuditSubject, auditProbes } from '../../src/search/audit.js';
import { parseProbes, type Probe } from '../../src/search/probes.js';
import { fixture } from '../paths.js';
import { asciiTokenizer, favouring, letterProbes, smallEngine } from './small-engine.js';

const brief = (subject: AuditSubject) => auditProbes(subject).map(({ code, probes }) => [code, probes]);
const sound: Probe = { prompt: 'sum:', correct: ' 4', wrong: ' 5' };
const other: Probe = { prompt: 'sky:', correct: ' blue', wrong: ' red' };

describe('an audit of texts', () => {
  test('finds nothing in sound probes', () => {
    expect(auditProbes({ probes: [sound, other], heldOut: letterProbes(3), tokenizer: asciiTokenizer })).toEqual([]);
  });

  test('finds a prompt with two answers, and one asked twice', () => {
    const again = { ...sound, prompt: ' sum:' };
    expect(brief({ probes: [sound, other, { ...again, correct: ' 6' }] })).toEqual([['CONFLICTING_ANSWERS', [0, 2]]]);
    expect(brief({ probes: [sound, other, { ...again, wrong: ' 3' }] })).toEqual([['DUPLICATE', [0, 2]]]);
  });

  test('finds what is held out and searched on', () => {
    const heldOut = [...letterProbes(2), { ...other, prompt: 'sky: ' }];
    const [finding] = auditProbes({ probes: [sound, other], heldOut });
    expect(finding).toMatchObject({
      severity: 'error',
      code: 'HELDOUT_OVERLAP',
      probes: [1],
      data: { heldOutProbes: [2] },
    });
  });

  test('finds wrong answers that count as right and right ones that cannot be given', () => {
    expect(brief({ probes: [{ ...sound, wrong: '4 ' }, other] })).toContainEqual(['WRONG_IS_RIGHT', [0]]);
    expect(brief({ probes: [other, { ...sound, alternates: [' 5'] }] })).toContainEqual(['WRONG_IS_RIGHT', [1]]);
    expect(brief({ probes: [other, { ...sound, correct: ' 4\n 5' }] })).toContainEqual(['MULTILINE_ANSWER', [1]]);
  });

  test('finds categories that repeat one contrast, whichever way round', () => {
    const primes = Array.from({ length: 8 }, (_, index) => ({
      prompt: `${index}:`,
      category: 'prime',
      correct: index % 2 ? ' yes' : ' no',
      wrong: index % 2 ? ' no' : ' yes',
    }));
    const [finding] = auditProbes({ probes: [sound, ...primes] });
    expect(finding).toMatchObject({ code: 'REPEATED_CONTRAST', data: { category: 'prime', contrasts: 1 } });
    expect(finding.message).toBe('category "prime": 8 probes, but only 1 different pairs of answers');
    expect(auditProbes({ probes: letterProbes(20) })).toEqual([]);
  });

  test('finds spacing that decides', () => {
    expect(brief({ probes: [sound, { ...other, wrong: 'red' }] })).toEqual([['SPACING', [1]]]);
    expect(brief({ probes: [{ ...sound, prompt: 'sum: ' }, other] })).toEqual([['SPACING', [0]]]);
  });
});

describe('an audit of tokens', () => {
  const tokenized = (probes: Probe[], tokenizer = asciiTokenizer) => brief({ probes, tokenizer });

  test('finds answers that are the same tokens', () => {
    const lossy = { ...asciiTokenizer, encode: (text: string) => asciiTokenizer.encode(text.toLowerCase()) };
    expect(tokenized([other, { ...sound, correct: ' Ab', wrong: ' aB' }], lossy)).toEqual([['SAME_TOKENS', [1]]]);
  });

  test('finds answers that differ before their last token only', () => {
    expect(tokenized([other, { ...sound, correct: ' 6x^4', wrong: ' 30x^4' }])).toEqual([['SAME_LAST_TOKEN', [1]]]);
  });

  test('finds answers that begin with the other', () => {
    const probes = [
      { ...sound, wrong: ' 45' },
      { ...other, correct: ' reddish' },
    ];
    expect(tokenized(probes)).toEqual([['PREFIX_ANSWER', [0, 1]]]);
  });

  test('finds answers that join with the prompt', () => {
    const joining = {
      ...asciiTokenizer,
      encode: (text: string) => asciiTokenizer.encode(text.replaceAll(': 4', '\u0001')),
    };
    expect(tokenized([sound, other], joining)).toEqual([['TOKEN_BOUNDARY', [0]]]);
  });
});

describe('an audit with the model', () => {
  test('finds wrong answers that the model never considers', () => {
    const probes = letterProbes(3);
    const considered = favouring(['q0:a', 'q0:A'], 8);
    const certain = favouring(['q1:B'], 40);
    const elsewhere = favouring(['q2:?'], 20);
    const engine = smallEngine({}, (context, token) =>
      [considered, certain, elsewhere].reduce((sum, effect) => sum + effect(context, token), 0),
    );
    const found = auditProbes({ probes, engine }).filter(({ code }) => code === 'WEAK_DISTRACTOR');
    expect(found).toHaveLength(1);
    expect(found[0].probes).toContain(2);
    expect(found[0].probes).not.toContain(0);
    expect(found[0].data).toMatchObject({ compared: 3 });
    expect(found[0].data.standings).toContainEqual(expect.objectContaining({ probe: 2, competitor: '?' }));
  });

  test('looks where the answers part', () => {
    const probe = { prompt: 'q:', correct: 'aab', wrong: 'aac' };
    const engine = smallEngine({}, favouring(['q:aac'], 9));
    expect(auditProbes({ probes: [probe], engine })).toEqual([]);
  });

  test('has nothing to ask about a probe without a wrong answer', () => {
    expect(auditProbes({ probes: [{ prompt: 'q:', correct: 'a' }], engine: smallEngine() })).toEqual([]);
  });
});

describe('an audit of the probes that ship', () => {
  const read = (file: string) => parseProbes(readFileSync(fixture('probes', file)), file).probes;
  const errors = (file: string, heldOut?: string) =>
    auditProbes({ probes: read(file), heldOut: heldOut ? read(heldOut) : [] })
      .filter(({ severity }) => severity === 'error')
      .map(({ code, probes }) => [code, probes.map((index) => read(file)[index].prompt)]);

  test('finds no error in calculus and knowledge', () => {
    expect(errors('calculus.json', 'calculus-heldout.json')).toEqual([]);
    expect(errors('calculus-large.json', 'calculus-heldout.json')).toEqual([]);
    expect(errors('calculus-heldout.json')).toEqual([]);
    expect(errors('knowledge.json')).toEqual([]);
  });

  test('finds where the careless answer of arithmetic happens to be right', () => {
    expect(errors('arithmetic.json', 'arithmetic-heldout.json')).toEqual([
      ['WRONG_IS_RIGHT', ['If x = 2, then x^2 =', 'Compute 2^2:', 'Compute sqrt(4):']],
    ]);
    expect(errors('arithmetic-large.json', 'arithmetic-heldout.json')).toEqual([
      ['WRONG_IS_RIGHT', ['Compute 2^2:', 'If x = 2, then x^2 =', 'Compute sqrt(4):']],
    ]);
    expect(errors('arithmetic-heldout.json')).toEqual([['WRONG_IS_RIGHT', ['2 squared is']]]);
  });
});
