/** Owns the writing of HTML: escaping, elements, and the frame and style of a page. Pages need no script. */
import { escapeXml } from './svg.js';

/** Markup that was made here. Everything else is text, and is escaped where it is put in. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | false | undefined | readonly Part[];

/** Fills a template: what is no markup is escaped, in content as in quoted attributes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((string, i) => string + markupOf(parts[i])).join(''));
}

function markupOf(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(markupOf).join('');
  return escapeXml(String(part));
}

// Contrast of all text is at least 4.5 : 1 on its ground, in both schemes (WCAG 2.2, 1.4.3).
const colours = {
  light:
    '--ground:#fff;--card:#f6f8fa;--text:#1f2328;--faint:#59636e;--line:#d1d9e0;--link:#0860ca;--good:#116329;--bad:#b3202c;--warn:#7d4e00',
  dark: '--ground:#0d1117;--card:#151b23;--text:#e6edf3;--faint:#9aa4af;--line:#3d444d;--link:#79b8ff;--good:#56d364;--bad:#ff8a80;--warn:#e3b341',
};

/** The style sheet of every page. */
export const pageStyle = [
  `:root{color-scheme:light dark;${colours.light}}@media (prefers-color-scheme:dark){:root{${colours.dark}}}`,
  '*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}',
  'header,main,footer{max-width:64rem;margin:0 auto;padding:1rem}h1{font-size:1.6rem;margin:.5rem 0}h2{font-size:1.2rem;margin:1.5rem 0 .5rem}',
  'a{color:var(--link)}a:focus-visible,input:focus-visible,select:focus-visible,button:focus-visible,pre:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);outline-offset:2px}',
  '.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--ground);padding:.5rem}',
  '.quiet{color:var(--faint)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}',
  'form{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;align-items:end;margin:1.5rem 0 1rem}label{display:block;font-size:.9rem}',
  'input,select,button{width:100%;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--faint);border-radius:.4rem;padding:.45rem .6rem;height:2.6rem}',
  'button{background:var(--link);border-color:var(--link);color:var(--ground);font-weight:600;cursor:pointer}',
  'ul.cards{list-style:none;padding:0;display:grid;gap:1rem}ul.cards>li,section.card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1rem}ul.cards>li{display:grid;gap:.8rem}',
  '@media (min-width:56rem){ul.cards>li{grid-template-columns:1.1fr 1.3fr .9fr;gap:0 1.5rem;align-items:start}}ul.cards h2{margin:0}pre{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.6rem;overflow-x:auto;margin:.5rem 0}',
  'code,pre{font:.9rem/1.4 ui-monospace,monospace}p,dd,h1,h2,li{overflow-wrap:anywhere}section.card{margin:0 0 1rem}p{margin:.4rem 0}section.card p,.proof .gain{margin:.1rem 0}ul.cards p:last-child,ul.cards pre{margin-bottom:0}',
  '.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}',
  'caption{text-align:left;color:var(--faint);padding:1.2rem 0 .3rem}.nowrap{white-space:nowrap}.number{text-align:right;white-space:nowrap}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:var(--faint)}dd{margin:0}',
  'figure{margin:0}figure svg{max-width:100%;height:auto}figure.scroll svg{display:block;min-width:40rem}header{border-bottom:1px solid var(--line);max-width:none}header a{display:block;max-width:62rem;margin:0 auto;color:inherit;font-weight:700;text-decoration:none}',
  '.lead{font-size:1.1rem;max-width:46rem}.gain strong{font-size:1.15rem;margin-right:.6rem}.chip{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:0 .6rem;font-size:.85rem;margin:.1rem 0}',
  'pre.copy{white-space:pre-wrap;overflow-wrap:anywhere;user-select:all;border-color:var(--faint)}.trust{border-top:1px solid var(--line);margin-top:2rem}.pager{display:flex;gap:1.5rem}',
  '.bar{display:block;width:100%;height:.7rem;border-radius:.35rem;margin:.3rem 0}.part-right{fill:var(--faint)}.part-fixed{fill:var(--good)}.part-broke{fill:var(--bad)}.part-wrong{fill:var(--line)}',
  '.layers{display:block;width:100%;max-width:18rem;height:2.6rem}figcaption{font-size:.85rem;margin:.1rem 0 .6rem}.layers .some{fill:var(--link)}.layers .none{fill:var(--faint)}',
].join('');

/** Writes a whole document around what is on a page. */
export function renderDocument(
  { title, home }: { readonly title: string; readonly home: string },
  content: Markup,
): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${new Markup(`<style>${pageStyle}</style>`)}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header><a href="/">${home}</a></header>
        <main id="content">${content}</main>
        <footer class="quiet">
          <p>Every number here is counted from signed statements, which <code>bankai add</code> checks again.</p>
        </footer>
      </body>
    </html> `.text;
}
