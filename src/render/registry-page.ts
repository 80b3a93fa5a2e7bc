/** Owns how a registry looks in a browser: the catalogue, and the page of one version with its proof. */
import { type ProbeResult, type TextResult } from './evaluation.js';
import { figureStyle } from './figure-svg.js';
import { html, Markup, pageStyle, renderDocument } from './html.js';
import { formatBytes, formatChange, formatCount, formatProbability, formatShare, plural } from './number.js';
import { layerPicture, proof } from './registry-proof.js';
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
  readonly query: {
    readonly text: string;
    readonly base: string;
    readonly category: string;
    readonly minGain: string;
    readonly evidence: 'any' | 'measured' | 'better';
  };
  readonly total: number;
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  /** What there is to look for. */
  readonly known: { readonly bases: readonly string[]; readonly categories: readonly string[] };
  readonly results: readonly Card[];
}

/** A patch of the catalogue, with its flips by layer where its bundle is at hand. */
type Card = SearchResult & { readonly layers?: readonly number[] };

export interface PatchPage extends Frame, SearchResult {
  readonly versions: readonly { readonly version: string; readonly yanked?: string }[];
  /** Absent where the bundle is. */
  readonly report?: Omit<PatchReport, 'id' | 'base'>;
}

/** The style sheets of all pages. */
export const pageStyles: readonly string[] = [pageStyle, figureStyle];

/** Draws the catalogue. */
export function cataloguePage({ title, url, root, query, total, page, pages, known, results }: CataloguePage): string {
  return renderDocument(
    { title, home: 'Bankai patches' },
    html`<h1>${title}</h1>
      <p class="lead">
        Patches of 1-bit language models: about a kilobyte each, undone by applying them again, with signed proof of
        what they do to problems that they never saw.
      </p>
      <form method="get" action="/" role="search">
        ${field('q', 'Words', query.text)} ${field('base', 'Base model', query.base, known.bases)}
        ${field('category', 'Category', query.category, known.categories)} ${evidenceField(query.evidence)}
        ${field('gain', 'Least gain', query.minGain)}
        <div><button type="submit">Search</button></div>
      </form>
      <p role="status">
        ${plural(total, 'patch', 'patches')}${total > 0 && ', the greatest gain on held-out problems first'}
      </p>
      <ul class="cards">
        ${results.map(card)}
      </ul>
      ${pages > 1 && pager(query, page, pages)}
      <section class="trust">
        <h2>Use this registry</h2>
        <p>
          Trust it once, by the digest of its root. Compare that with one that its keeper gave you by another way: a
          page cannot vouch for itself.
        </p>
        ${copyable(`bankai registry add ${url} --root ${root}`)}
      </section>`,
  );
}

function field(name: string, label: string, value: string, suggestions: readonly string[] = []): Markup {
  const list = suggestions.length > 0 && html` list="${name}-known"`;
  const type = name === 'gain' ? 'number' : 'search';
  return html`<div>
    <label for="${name}">${label}</label>
    <input id="${name}" name="${name}" type="${type}" value="${value}" ${list} />
    ${
      list &&
      html`<datalist id="${name}-known">
        ${suggestions.map((each) => html`<option value="${each}"></option>`)}
      </datalist>`
    }
  </div>`;
}

function evidenceField(chosen: CataloguePage['query']['evidence']): Markup {
  const levels = { any: 'Any', measured: 'Measured', better: 'Better, p < 0.05' };
  return html`<div>
    <label for="evidence">Evidence</label>
    <select id="evidence" name="evidence">
      ${Object.entries(levels).map(
        ([level, label]) =>
          html`<option value="${level}" ${level === chosen && new Markup('selected')}>${label}</option>`,
      )}
    </select>
  </div>`;
}

function pager({ text, base, category, minGain, evidence }: CataloguePage['query'], page: number, pages: number) {
  const to = (other: number, label: string): Markup => {
    const query = new URLSearchParams({ q: text, base, category, gain: minGain, evidence, page: String(other) });
    return html`<a href="/?${query.toString()}">${label}</a>`;
  };
  return html`<nav class="pager" aria-label="Pages">
    ${page > 1 && to(page - 1, 'Better ones')} <span>Page ${page} of ${pages}</span>
    ${page < pages && to(page + 1, 'More')}
  </nav>`;
}

function card(result: Card): Markup {
  const { name, version, description, layers, flips, bytes, categories } = result;
  return html`<li>
    <div class="what">
      <h2><a href="/${name}">${name}</a> <span class="quiet">${version}</span></h2>
      <p>${description.split('\n')[0]}</p>
      <p class="quiet">
        for ${result.baseName ?? `base ${result.base.slice(0, 12)}`} · ${plural(flips, 'flip')} · ${formatBytes(bytes)}
        with its evidence
      </p>
      ${categories.length > 0 && html`<p>${categories.slice(0, 8).map((each) => html`<span class="chip">${each}</span> `)}</p>`}
    </div>
    <div class="proof">${proof(result)}</div>
    <div class="install">
      ${layers && layers.length > 0 && layerPicture(layers)} ${copyable(installLine(name, version))}
    </div>
  </li> `;
}

function installLine(name: string, version: string): string {
  const major = /^(0\.\d+|\d+)/.exec(version)?.[0] ?? version;
  return `bankai add ${name}@${version.includes('-') ? version : `^${major}`}`;
}

/** Draws the page of a version. */
export function patchPage(page: PatchPage): string {
  const { name, version, report, yanked, versions } = page;
  const evaluations = (report?.statements ?? []).flatMap(({ evaluation }) => evaluation ?? []);
  return renderDocument(
    { title: `${name} ${version}`, home: 'Bankai patches' },
    html`<h1>${name} <span class="quiet">${version}</span></h1>
      ${yanked !== undefined && html`<p class="bad"><strong>Yanked:</strong> ${yanked}</p>`}
      <p class="lead">${page.description}</p>
      ${copyable(installLine(name, version))}
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
      ${proof(page)}
      ${evaluations.map(({ probes, texts }) => html`${probes.length > 0 && probesTable(probes)}${texts.length > 0 && textsTable(texts)}`)}
      ${
        report !== undefined &&
        html`<h2>How it was found, and where its flips are</h2>
          <figure class="scroll" tabindex="0" role="group" aria-label="Its search and its flips">
            ${new Markup(patchSvg({ ...report, id: page.patch, base: { weightsId: page.base } }))}
          </figure>
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
              <td class="nowrap">${probe.role && roles[probe.role]}</td>
              <td class="number">${probe.before}</td>
              <td class="number">${probe.after}</td>
              <td class="number">${probe.fixed}</td>
              <td class="number">${probe.broke}</td>
              <td class="nowrap">${formatProbability(probe.p).replace('p = ', '')}</td>
              <td class="nowrap">${fixRateOf(probe)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Where nothing was wrong, nothing could be fixed. */
const fixRateOf = ({ fixed, keptWrong, fixRate: { low, high } }: ProbeResult): string =>
  fixed + keptWrong === 0 ? 'nothing was wrong' : `${formatShare(low)} to ${formatShare(high)}`;

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

/** A command to be copied: one click selects all of it, and it is broken where it must be, without a line feed. */
const copyable = (command: string): Markup => html`<pre class="copy"><code>${command}</code></pre>`;
