/** Owns how a registry looks in a browser: the catalogue, and the page of one version with its proof. */
import { type ProbeResult, type TextResult } from './evaluation.js';
import { figureStyle } from './figure-svg.js';
import { html, Markup, pageStyle, renderDocument } from './html.js';
import { formatBytes, formatChange, formatCount, formatProbability, formatShare, plural } from './number.js';
import type { SearchResult } from './search.js';
import { type PatchReport, patchSvg } from './show.js';

/** What every page says of its registry. */
interface Frame {
  readonly title: string;
  readonly url: string;
  /** Digest of the first root. */
  readonly root: string;
}

export interface CataloguePage extends Frame {
  readonly query: { readonly text: string; readonly base: string; readonly category: string; readonly minGain: string };
  readonly total: number;
  readonly results: readonly SearchResult[];
}

export interface PatchPage extends Frame, SearchResult {
  readonly versions: readonly { readonly version: string; readonly yanked?: string }[];
  /** Absent where the bundle is. */
  readonly report?: Omit<PatchReport, 'id' | 'base'>;
}

/** The style sheets of all pages. */
export const pageStyles: readonly string[] = [pageStyle, figureStyle];

/** Draws the catalogue. */
export function cataloguePage({ title, url, root, query, total, results }: CataloguePage): string {
  const field = (name: string, label: string, value: string, type = 'search') =>
    html`<div>
      <label for="${name}">${label}</label><input id="${name}" name="${name}" type="${type}" value="${value}" />
    </div>`;
  return renderDocument(
    { title, home: 'Catalogue' },
    html`<h1>${title}</h1>
      <p>
        Patches of 1-bit language models, with what was measured of each. To trust this registry, compare the digest of
        its root with one that its keeper gave you otherwise:
      </p>
      ${copyable(`bankai registry add ${url} --root ${root}`, 'How to trust this registry')}
      <form method="get" action="/">
        ${field('q', 'Words', query.text)} ${field('base', 'Base model', query.base)}
        ${field('category', 'Category', query.category)} ${field('gain', 'Least gain', query.minGain, 'number')}
        <div><button type="submit">Search</button></div>
      </form>
      <p role="status">
        ${plural(total, 'patch', 'patches')}${total > results.length && `, the best ${results.length} shown`}
      </p>
      <ul class="cards">
        ${results.map(card)}
      </ul>`,
  );
}

function card(result: SearchResult): Markup {
  return html`<li>
    <h2><a href="/${result.name}">${result.name}</a> <span class="quiet">${result.version}</span></h2>
    <p>${result.description.split('\n')[0]}</p>
    <p>${gain(result)}</p>
    <p class="quiet">
      for ${result.baseName ?? `base ${result.base.slice(0, 12)}`}, ${plural(result.flips, 'flip')},
      ${formatBytes(result.bytes)}${result.categories.length > 0 && `: ${result.categories.slice(0, 8).join(', ')}`}
    </p>
  </li> `;
}

function gain({ fixed, broke, count, p, verdict }: SearchResult): Markup {
  if (count === 0) return html`<span class="warn">Nothing was measured on held-out problems.</span>`;
  const words = { better: 'good', worse: 'bad', 'not significant': 'warn', unchanged: 'warn' }[verdict];
  return html`Held out: <strong>${formatCount(fixed)} fixed</strong>, ${formatCount(broke)} broke of
    ${formatCount(count)}; <span class="${words}">${verdict}, ${formatProbability(p)}</span>`;
}

/** Draws the page of a version. */
export function patchPage(page: PatchPage): string {
  const { name, version, report, yanked, versions } = page;
  const evaluations = (report?.statements ?? []).flatMap(({ evaluation }) => evaluation ?? []);
  const major = /^(0\.\d+|\d+)/.exec(version)?.[0] ?? version;
  const range = version.includes('-') ? version : `^${major}`;
  return renderDocument(
    { title: `${name} ${version}`, home: 'Catalogue' },
    html`<h1>${name} <span class="quiet">${version}</span></h1>
      ${yanked !== undefined && html`<p class="bad"><strong>Yanked:</strong> ${yanked}</p>`}
      <p>${page.description}</p>
      ${copyable(`bankai add ${name}@${range}`, 'How to add this patch')}
      <dl>
        <dt>Base model</dt>
        <dd>${page.baseName} <code>${page.base}</code></dd>
        <dt>Patch</dt>
        <dd><code>${page.patch}</code></dd>
        <dt>Flips</dt>
        <dd>${formatCount(page.flips)}</dd>
        <dt>Bundle</dt>
        <dd>${formatBytes(page.bytes)}, <code>${page.sha256}</code></dd>
      </dl>
      <h2>Proof</h2>
      <p>${gain(page)}</p>
      ${evaluations.map(({ probes, texts }) => html`${probes.length > 0 && probesTable(probes)}${texts.length > 0 && textsTable(texts)}`)}
      ${
        report !== undefined &&
        html`<h2>Where its flips are</h2>
          <figure>${new Markup(patchSvg({ ...report, id: page.patch, base: { weightsId: page.base } }))}</figure>
          <h2>Who says so</h2>
          ${report.statements.map(
            ({ kind, signer, verified, summary }) =>
              html`<section class="card">
                <p>
                  <strong>${kind}</strong>:
                  ${
                    verified === 'bad'
                      ? html`<span class="bad">does not hold</span>`
                      : html`signed by <code>${signer}</code>`
                  }
                </p>
                ${summary.map((line) => html`<p class="quiet">${line}</p>`)}
              </section> `,
          )}`
      }
      <h2>Versions</h2>
      <ul>
        ${versions.map((each) => html`<li><a href="/${name}/${each.version}">${each.version}</a>${each.yanked !== undefined && html` <span class="bad">yanked: ${each.yanked}</span>`}</li>`)}
      </ul>`,
  );
}

const roles = { heldout: 'held out', control: 'control', search: 'searched' };

function probesTable(probes: readonly ProbeResult[]): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Answers to probe files">
    <table>
      <caption>
        Right answers before and after, counted
      </caption>
      <thead>
        <tr>
          <th scope="col">Probes</th>
          <th scope="col">Role</th>
          <th scope="col" class="number">Before</th>
          <th scope="col" class="number">After</th>
          <th scope="col" class="number">Fixed</th>
          <th scope="col" class="number">Broke</th>
          <th scope="col">p</th>
          <th scope="col">Fix rate, 95 %</th>
        </tr>
      </thead>
      <tbody>
        ${probes.map(
          (probe) =>
            html`<tr>
              <th scope="row">${probe.name} (${formatCount(probe.count)})</th>
              <td>${probe.role && roles[probe.role]}</td>
              <td class="number">${probe.before}</td>
              <td class="number">${probe.after}</td>
              <td class="number">${probe.fixed}</td>
              <td class="number">${probe.broke}</td>
              <td>${formatProbability(probe.p)}</td>
              <td>${formatShare(probe.fixRate.low)} to ${formatShare(probe.fixRate.high)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function textsTable(texts: readonly TextResult[]): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Perplexity of texts">
    <table>
      <caption>
        Perplexity of texts
      </caption>
      <thead>
        <tr>
          <th scope="col">Text</th>
          <th scope="col" class="number">Before</th>
          <th scope="col" class="number">After</th>
          <th scope="col" class="number">Change</th>
        </tr>
      </thead>
      <tbody>
        ${texts.map(
          ({ name, perplexityBefore: before, perplexityAfter: after }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td class="number">${before.toFixed(4)}</td>
              <td class="number">${after.toFixed(4)}</td>
              <td class="number">${formatChange(100 * (after / before - 1), 2)} %</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A command to be copied: it may be wider than a telephone, and can then be scrolled with the keyboard too. */
const copyable = (command: string, label: string): Markup =>
  html`<pre tabindex="0" role="region" aria-label="${label}"><code>${command}</code></pre>`;
