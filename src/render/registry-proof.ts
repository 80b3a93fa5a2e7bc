/** Owns how proof looks in a browser: what a patch fixed and broke on held-out problems, and where its flips are. */
import { totalOf } from './gain.js';
import { html, Markup } from './html.js';
import { formatCount, formatProbability, formatShare } from './number.js';
import type { SearchResult } from './search.js';
import { element } from './svg.js';

const verdicts = { better: 'good', worse: 'bad', 'not significant': 'warn', unchanged: 'warn' } as const;

/** Says what was measured on held-out problems: counts before and after, as a bar and in words, with the exact test. */
export function proof({ heldOut, p, verdict, fixRate }: SearchResult): Markup {
  const { fixed, broke, keptRight, keptWrong, count } = totalOf(heldOut);
  if (count === 0) return html`<p class="warn">Nothing was measured on held-out problems.</p>`;
  return html`<p class="gain">
      <strong class="good">${formatCount(fixed)} fixed</strong>
      <strong class="${broke > 0 ? 'bad' : 'quiet'}">${formatCount(broke)} broke</strong>
      <span class="quiet">of ${formatCount(count)} held-out problems</span>
    </p>
    ${bar(heldOut)}
    <p class="quiet">
      Right before ${formatCount(keptRight + broke)}, after ${formatCount(keptRight + fixed)}:
      <span class="${verdicts[verdict]}">${verdict}, <span class="nowrap">${formatProbability(p)}</span></span
      >.
      ${fixed + keptWrong > 0 && `Of what was wrong, ${formatShare(fixRate.low)} to ${formatShare(fixRate.high)} is fixed (95 %).`}
    </p>`;
}

/** A strip as long as all problems: stayed right, fixed, broke, stayed wrong. The words beside it say the same. */
function bar(heldOut: SearchResult['heldOut']): Markup {
  const { keptRight, fixed, broke, keptWrong, count } = totalOf(heldOut);
  let x = 0;
  const parts = Object.entries({ right: keptRight, fixed, broke, wrong: keptWrong }).map(([part, problems]) => {
    const width = (problems / count) * 100;
    x += width;
    return element('rect', { class: `part-${part}`, x: x - width, y: 0, width, height: 8 });
  });
  return new Markup(
    element('svg', { class: 'bar', viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, parts),
  );
}

/** Draws how many flips each layer has, the first one at the left. */
export function layerPicture(layers: readonly number[]): Markup {
  const most = Math.max(1, ...layers);
  const columns = layers.map((flips, layer) => {
    const height = flips === 0 ? 0.6 : Math.max(2, (flips / most) * 24);
    return element('rect', { class: flips === 0 ? 'none' : 'some', x: layer * 5, y: 24 - height, width: 4, height });
  });
  const words = `Flips by layer, from the first: ${layers.join(', ')}.`;
  const picture = new Markup(
    element(
      'svg',
      {
        class: 'layers',
        viewBox: `0 0 ${layers.length * 5 - 1} 24`,
        preserveAspectRatio: 'none',
        role: 'img',
        'aria-label': words,
      },
      columns,
    ),
  );
  return html`<figure>
    ${picture}
    <figcaption class="quiet">Flips by layer</figcaption>
  </figure>`;
}
