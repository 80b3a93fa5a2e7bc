/** SVG, unified diffs and errors. */
import { describe, expect, test } from '@jest/globals';
import { applyPatch } from 'diff';
import fc from 'fast-check';
import { barChartSvg } from '../../src/render/bar-chart-svg.js';
import { coursePanel } from '../../src/render/course-svg.js';
import { renderError } from '../../src/render/error.js';
import { evalSvg } from '../../src/render/eval.js';
import { figureSvg } from '../../src/render/figure-svg.js';
import { layersSvg } from '../../src/render/layers.js';
import { likelihoodPanel } from '../../src/render/likelihood-svg.js';
import { patchSvg } from '../../src/render/show.js';
import { renderSparkline } from '../../src/render/sparkline.js';
import { element, escapeXml, formatCoordinate } from '../../src/render/svg.js';
import { renderTextDiff } from '../../src/render/text-diff.js';
import { plainView } from '../../src/render/view.js';
import { evaluation, layers, likelihoods, show } from './samples.js';

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

  const course = [
    { iteration: 0, objective: -1.25 },
    { iteration: 3, objective: -1, heldBackRight: 8 },
    { iteration: 4, objective: -0.5, heldBackRight: 12 },
  ];
  const [search, ...others] = show.statements;
  const searched = { ...show, statements: [{ ...search, course }, ...others] };

  test('a patch looks like this', () => {
    expect(patchSvg(searched)).toMatchSnapshot();
  });

  test('a patch that was not searched has no course, and a long message is cut', () => {
    const svg = patchSvg({ ...show, statements: [], message: 'm'.repeat(300) });
    expect(svg).not.toContain('Objective');
    expect(svg.split('\n').filter((line) => line.includes('class="title"'))[0].length).toBeLessThan(140);
  });

  test('a flat course, and one point, have no broken numbers', () => {
    for (const few of [course.slice(0, 1), course.map((point) => ({ ...point, objective: 1, heldBackRight: 2 }))]) {
      expect(figureSvg({ title: '', description: '', panels: [coursePanel(few)] })).not.toMatch(/NaN|Infinity/);
    }
  });

  test('likelihoods look like this', () => {
    const [result] = evaluation.probes;
    expect(evalSvg({ ...evaluation, probes: [{ ...result, ...(likelihoods && { likelihoods }) }] })).toMatchSnapshot();
  });

  test('likelihoods are on the page, however small', () => {
    const points = [-1e9, -0, 0.1].map((log) => ({ before: log, after: log, change: 'kept' as const }));
    const circles = figureSvg({ title: '', description: '', panels: [likelihoodPanel(points)] }).match(/cx="[^"]+"/g);
    expect(circles?.slice(0, 3)).toEqual(['cx="84"', 'cx="384"', 'cx="384"']);
  });
});

describe('renderSparkline', () => {
  test('goes from the lowest to the highest value', () => {
    expect(renderSparkline([-1, 0, 1], 9, plainView)).toBe('▁▅█');
    expect(renderSparkline([-1, 0, 1], 9, { ...plainView, ascii: true })).toBe('159');
  });

  test('of more values than cells shows both ends', () => {
    const values = Array.from({ length: 100 }, (_, i) => i);
    expect(renderSparkline(values, 8, plainView)).toBe('▁▂▃▄▅▆▇█');
  });

  test('draws nothing of nothing, and a flat line of equal values', () => {
    expect(renderSparkline([], 8, plainView)).toBe('');
    expect(renderSparkline([3, 3], 8, plainView)).toBe('▁▁');
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

  test.each([
    ['calc++math', 5, '       ^'],
    // Four cells of two characters; a combining mark has none.
    ['計算++math', 3, '       ^'],
    ['cale\u0301++math', 6, '       ^'],
    ['a\tb', 1, '   ^'],
    ['\u202ea b', 2, '           ^'],
  ])('points at the character: %j', (text, at, caret) => {
    const error = { code: 'STACK_SYNTAX', message: 'm', hint: 'h', data: { text, at } };
    const lines = renderError({ error }, plainView);
    expect(lines).toEqual(['error: m', expect.any(String), caret, 'hint: h']);
  });

  test('has no hint line without a hint', () => {
    expect(renderError({ error: { code: 'IO', message: 'm', data: {} } }, plainView)).toEqual(['error: m']);
  });
});
