/** SVG, unified diffs and errors. */
import { describe, expect, test } from '@jest/globals';
import { applyPatch } from 'diff';
import fc from 'fast-check';
import { barChartSvg } from '../../src/render/bar-chart-svg.js';
import { renderError } from '../../src/render/error.js';
import { layersSvg } from '../../src/render/layers.js';
import { element, escapeXml, formatCoordinate } from '../../src/render/svg.js';
import { renderTextDiff } from '../../src/render/text-diff.js';
import { plainView } from '../../src/render/view.js';
import { layers } from './samples.js';

describe('svg', () => {
  test('escapes text and attributes', () => {
    expect(element('text', { x: 1.005, 'data-name': `"<&>'` }, [escapeXml('<script>\u0000')])).toBe(
      '<text x="1" data-name="&quot;&lt;&amp;&gt;&#39;">&lt;script&gt;\ufffd</text>',
    );
  });

  test('no text gets out of its element', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeXml(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });

  test('coordinates have at most two decimals and no minus zero', () => {
    expect([1 / 3, -0, -0.001, 10].map(formatCoordinate)).toEqual(['0.33', '0', '0', '10']);
  });

  test('a bar chart looks like this', () => {
    expect(layersSvg(layers)).toMatchSnapshot();
  });

  test('a bar chart is labelled, dark where the page is, and the same every time', () => {
    const chart = { title: 'A & B', description: 'Two bars.', bars: [{ label: 'a', value: 1, note: '1' }] };
    const svg = barChartSvg(chart);
    expect(svg).toContain('<title id="title">A &amp; B</title>');
    expect(svg).toContain('<desc id="description">Two bars.</desc>');
    expect(svg).toContain('aria-labelledby="title description"');
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(barChartSvg(chart)).toBe(svg);
  });

  test('a bar chart without bars, or of zeros, has no broken numbers', () => {
    expect(barChartSvg({ title: '', description: '', bars: [] })).not.toMatch(/NaN|Infinity/);
    expect(barChartSvg({ title: '', description: '', bars: [{ label: '', value: 0, note: '' }] })).not.toMatch(/NaN/);
  });
});

describe('renderTextDiff', () => {
  const a = { name: 'calc', text: '{\n  "flips": [\n    1,\n    2\n  ]\n}\n' };
  const b = { name: 'math', text: '{\n  "flips": [\n    1,\n    3\n  ]\n}\n' };

  test('is a unified diff', () => {
    expect(renderTextDiff(a, b, plainView)).toEqual([
      '--- calc',
      '+++ math',
      '@@ -1,6 +1,6 @@',
      ' {',
      '   "flips": [',
      '     1,',
      '-    2',
      '+    3',
      '   ]',
      ' }',
    ]);
  });

  test('can be applied', () => {
    expect(applyPatch(a.text, renderTextDiff(a, b, plainView).join('\n') + '\n')).toBe(b.text);
  });

  test('of equal texts is empty', () => expect(renderTextDiff(a, { ...a, name: 'other' }, plainView)).toEqual([]));
});

describe('renderError', () => {
  test('writes message and hint as git does', () => {
    const error = { code: 'IO', message: 'first\nsecond \u001b[2J', hint: 'Use "bankai status".', data: {} };
    expect(renderError({ error }, plainView)).toEqual([
      'error: first',
      'error: second \\u{1b}[2J',
      'hint: Use "bankai status".',
    ]);
  });

  test('has no hint line without a hint', () => {
    expect(renderError({ error: { code: 'IO', message: 'm', data: {} } }, plainView)).toEqual(['error: m']);
  });
});
