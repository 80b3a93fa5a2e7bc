/** Tables, bars, strips and progress lines. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { renderBars } from '../../src/render/bars.js';
import { renderLayerStrips } from '../../src/render/layer-strips.js';
import { formatProgress } from '../../src/render/progress.js';
import { renderTable } from '../../src/render/table.js';
import { displayWidth } from '../../src/render/text.js';
import { plainView } from '../../src/render/view.js';

const narrow = { ...plainView, width: 40 };

describe('renderTable', () => {
  const columns = [{ header: 'name' }, { header: 'what', flexible: true }, { header: 'n', align: 'right' as const }];

  test('aligns by display width and narrows the flexible column', () => {
    const rows = [
      ['日本', 'x'.repeat(60), '1'],
      ['abc', 'short', '1,234'],
    ];
    expect(renderTable(columns, rows, narrow)).toEqual([
      'name  what                             n',
      `日本  ${'x'.repeat(26)}…      1`,
      `abc   short${' '.repeat(22)}  1,234`,
    ]);
  });

  test('has no header line when no column has a header, and no line without rows', () => {
    expect(renderTable([{ header: '' }], [['a']], narrow)).toEqual(['a']);
    expect(renderTable(columns, [], narrow)).toEqual([]);
  });

  test('fits whatever is in it', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 80 });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }), (rows) => {
        for (const line of renderTable(columns, rows, narrow)) expect(displayWidth(line)).toBeLessThanOrEqual(40);
      }),
    );
  });
});

describe('renderBars', () => {
  const bars = [
    { label: 'up', value: 2, note: '2' },
    { label: 'down', value: -1, note: '-1' },
    { label: 'none', value: 0, note: '0' },
  ];

  test('puts the axis between the signs', () => {
    expect(renderBars(bars, narrow)).toEqual([
      'up             │████████████████████▋  2',
      'down ██████████│                      -1',
      'none           │                       0',
    ]);
  });

  test('has an ASCII form', () => {
    expect(renderBars(bars.slice(0, 1), { ...narrow, ascii: true })).toEqual([`up ${'#'.repeat(35)} 2`]);
  });

  test('keeps the axis straight and the line within the width', () => {
    const bar = fc.record({
      label: fc.string({ maxLength: 30 }),
      value: fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
    });
    fc.assert(
      fc.property(fc.array(bar, { minLength: 1, maxLength: 6 }), (given) => {
        const widths = renderBars(
          given.map((one) => ({ ...one, note: '1.0' })),
          narrow,
        ).map(displayWidth);
        expect(new Set(widths).size).toBe(1);
        expect(widths[0]).toBeLessThanOrEqual(40);
      }),
    );
  });
});

describe('renderLayerStrips', () => {
  test('folds more layers than there are columns', () => {
    const perLayer = Array.from({ length: 45 }, (_, layer) => (layer === 44 ? 8 : layer === 3 ? 1 : 0));
    expect(renderLayerStrips([{ label: 'up', perLayer }], narrow)).toEqual([
      'layer  0         10        20',
      'up     ···▁··························',
      'layer  30        40',
      'up     ··············█ 9',
    ]);
  });

  test('draws nothing of nothing', () => expect(renderLayerStrips([], plainView)).toEqual([]));
});

describe('formatProgress', () => {
  const state = { label: 'searching', done: 150, total: 600, elapsedMs: 30_000, extra: 'gain +0.21' };

  test('says how far, how fast, and how long still', () => {
    expect(formatProgress(state, { ...plainView, width: 79 })).toBe(
      'searching  █████░░░░░░░░░░░░░░░  150/600  5.00/s  1 m 30 s left  gain +0.21'.padEnd(79),
    );
  });

  test('gives up the bar first, then the rate', () => {
    expect(formatProgress(state, { ...plainView, width: 60 })).not.toContain('█');
    expect(formatProgress(state, { ...plainView, width: 60 })).toContain('5.00/s');
    expect(formatProgress(state, { ...plainView, width: 50 }).trimEnd()).toBe(
      'searching  150/600  1 m 30 s left  gain +0.21',
    );
  });

  test('without a known end has neither bar nor time left', () => {
    const { total: _total, ...open } = state;
    expect(formatProgress(open, plainView).trimEnd()).toBe('searching  150  5.00/s  gain +0.21');
  });

  test('fits the width exactly', () => {
    const any = fc.record({
      label: fc.string({ unit: 'grapheme', maxLength: 60 }),
      done: fc.nat(),
      total: fc.option(fc.nat(), { nil: undefined }),
      elapsedMs: fc.nat(),
      extra: fc.option(fc.string({ unit: 'grapheme', maxLength: 60 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(any, fc.integer({ min: 10, max: 120 }), (given, width) => {
        expect(displayWidth(formatProgress(given, { ...plainView, width }))).toBe(width);
      }),
    );
  });
});
