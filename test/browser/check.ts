/**
 * Looks at the catalogue in a real browser: `npm run check:browser`, where a Chromium is found (in CHROMIUM, or where Debian
 * and its like put it). A patch is searched, measured and published for it, so every number on the pictures is a measured one.
 * Screenshots go to docs/screenshots/; anything that axe finds, and anything wider than the window, is an error.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { cataloguePage, pageStyles, patchPage } from '../../src/render/registry-page.js';
import { serveRegistry } from '../../src/workflows/serve-registry.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const widths = [360, 768, 1280];
const schemes = ['light', 'dark'] as const;
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const executable = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));
if (executable === undefined) {
  console.error('No Chromium here: install one, or say where it is in CHROMIUM.');
  process.exit(1);
}

const place = mkdtempSync(join(tmpdir(), 'bankai-browser-'));
const faults: string[] = [];
try {
  const directory = publishSample();
  const pages = { catalogue: cataloguePage, patch: patchPage, styles: pageStyles };
  const serving = await serveRegistry({
    directory,
    host: '127.0.0.1',
    port: 0,
    url: 'https://patches.example.org/',
    pages,
  });
  const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
  try {
    for (const [name, path] of [
      ['catalogue', '/'],
      ['patch', '/mathlab/calc'],
    ]) {
      for (const scheme of schemes) {
        for (const width of widths) await look(browser, serving.address, name, path, scheme, width);
      }
    }
  } finally {
    await browser.close();
    await serving.close();
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}
for (const fault of faults) console.error(fault);
console.log(`${faults.length} faults in ${2 * schemes.length * widths.length} views`);
process.exitCode = faults.length > 0 ? 1 : 0;

/** Draws a page without scripts for its picture, and with them for axe, which is one. */
async function look(
  browser: Browser,
  address: string,
  name: string,
  path: string,
  colorScheme: 'light' | 'dark',
  width: number,
) {
  const view = `${name}-${width}-${colorScheme}`;
  const options = { viewport: { width, height: 900 }, colorScheme };
  const plain = await browser.newContext({ ...options, javaScriptEnabled: false });
  const picture = await plain.newPage();
  picture.on('console', (message) => faults.push(`${view}: ${message.text()}`));
  await picture.goto(new URL(path, address).href);
  await picture.screenshot({ path: join(root, 'docs', 'screenshots', `${view}.png`), fullPage: true });
  await plain.close();
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(new URL(path, address).href);
  const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  if (overflow > 0) faults.push(`${view}: the page is ${overflow} pixels wider than the window`);
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const found = await page.evaluate<{ id: string; help: string; nodes: { html: string }[] }[]>(
    `axe.run(document, { runOnly: ${JSON.stringify(tags)} }).then(({ violations }) => violations)`,
  );
  for (const { id, help, nodes } of found) faults.push(`${view}: ${id}: ${help}: ${nodes[0]?.html}`);
  await context.close();
}

/** Searches and measures a patch as the demo does, and publishes it. → the registry's directory */
function publishSample(): string {
  mkdirSync(join(place, 'work'));
  const run = (...args: string[]): void => {
    const env = {
      ...process.env,
      HOME: place,
      XDG_CONFIG_HOME: join(place, 'config'),
      XDG_CACHE_HOME: join(place, 'cache'),
    };
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'bin', 'run.js'), ...args], {
      cwd: join(place, 'work'),
      env,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`bankai ${args.join(' ')}: ${stderr}`);
  };
  run('init', '--model', join(root, 'fixtures', 'worksheet-5m-q1_0.gguf'));
  const measured = ['--heldout', 'calculus-heldout', '--controls', 'knowledge', '--text', 'text'];
  run('commit', '-b', 'calc', '-m', 'calculus: derivatives of polynomials', '--probes', 'calculus', ...measured);
  const short = ['--iterations', '8', '--heldout', 'arithmetic-heldout', '--controls', 'knowledge'];
  run('commit', '-b', 'sums', '-m', 'arithmetic: sums and products of two numbers', '--probes', 'arithmetic', ...short);
  const rows = [3, 5, 11].map((row) => ({ layer: row % 6, proj: 'up_proj', row }));
  writeFileSync(
    join(place, 'work', 'row.json'),
    JSON.stringify({ version: 1, format: 'bankai_row_xor_v1', name: 'rows', flips: rows }),
  );
  run('import', 'row.json', '-b', 'rows', '-m', 'three rows that somebody flipped by hand');
  run('registry', 'init', 'registry');
  run('registry', 'delegate', 'mathlab', 'personal', '--registry', 'registry');
  run('registry', 'delegate', 'attic', 'personal', '--registry', 'registry');
  run('registry', 'publish', 'calc', 'mathlab/calc@1.0.0', '--registry', 'registry');
  run('registry', 'publish', 'sums', 'mathlab/sums@0.3.1', '--registry', 'registry');
  run('registry', 'publish', 'rows', 'attic/rows@0.1.0', '--registry', 'registry');
  return join(place, 'work', 'registry');
}
