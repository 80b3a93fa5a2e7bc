/** Keeps docs/FORMAT.md true where it lists what the code has too, and the references to it alive. */
import { describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes } from '../../commands/terminal/failure.js';
import { HEADER_LIMIT } from '../../src/gguf/header-cursor.js';
import { lookAlikeOf, tensorTypeOf } from '../../src/gguf/tensor-type.js';
import { INTERCHANGE_BYTE_LIMIT } from '../../src/patch/interchange.js';
import { PATCH_BYTE_LIMIT } from '../../src/patch/patch.js';
import { formatTensorName, PROJECTIONS } from '../../src/patch/projection.js';
import { matchesAnswer } from '../../src/search/answers.js';
import { rising } from '../../src/search/acceptance.js';
import { answerFitness } from '../../src/search/fitness/answer.js';
import { gapFitness } from '../../src/search/fitness/gap.js';
import { parseProbes, PROBE_FILE_LIMIT } from '../../src/search/probes.js';
import { TEXT_FILE_LIMIT } from '../../src/search/texts.js';
import { lowerBound } from '../../src/search/ranking.js';
import { greedy } from '../../src/search/strategies/greedy.js';
import { guided } from '../../src/search/strategies/guided.js';
import { ENVELOPE_BYTE_LIMIT } from '../../src/trust/envelope.js';
import { STATEMENT_BYTE_LIMIT } from '../../src/trust/statement.js';
import { root } from '../paths.js';
import { codeIn, document, example, tables, tableUnder } from './document.js';

const headings = [...document.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title);

/** The sources of a folder of the checkout, comments without the stars of their lines. */
function sources(folder: string): string {
  const paths = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  const texts = paths
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(root, folder, path), 'utf8'));
  return texts.join('\n').replace(/\n *\* /g, ' ');
}

describe('references', () => {
  test('the sections that comments cite are there', () => {
    const cited = [...sources('src').matchAll(/FORMAT\.md, "([^"]+)"/g)].map(([, title]) => title);
    expect(cited.length).toBeGreaterThan(10);
    expect(cited.filter((title) => !headings.includes(title))).toEqual([]);
  });

  test('its own links lead somewhere', () => {
    const anchors = headings.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...document.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
  });

  test('every chapter is in the table of contents', () => {
    const contents = document.slice(0, document.indexOf('\n## '));
    const chapters = [...document.matchAll(/^## (.+)$/gm)].map(([, title]) => title.toLowerCase());
    expect(chapters.filter((title) => !contents.toLowerCase().includes(`[${title}](#`))).toEqual([]);
  });

  test('the error codes and audit findings that it names exist', () => {
    const known = new Set([...sources('src').matchAll(/'([A-Z][A-Z0-9_]+)'/g)].map(([, code]) => code));
    const named = [...document.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map(([, code]) => code);
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((code) => !known.has(code))).toEqual([]);
  });

  test('the schemas that it names exist', () => {
    const named = tableUnder('Limits').flatMap(([, , schema]) => codeIn(schema));
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((name) => !existsSync(join(root, 'schema', `${name}.schema.json`)))).toEqual([]);
  });
});

describe('tables', () => {
  test('limits', () => {
    const limits = Object.fromEntries(tableUnder('Limits').map(([file, bytes]) => [file, Number(bytes)]));
    expect(limits).toMatchObject({
      patch: PATCH_BYTE_LIMIT,
      'interchange file': INTERCHANGE_BYTE_LIMIT,
      envelope: ENVELOPE_BYTE_LIMIT,
      statement: STATEMENT_BYTE_LIMIT,
      'probe file': PROBE_FILE_LIMIT,
      'text file': TEXT_FILE_LIMIT,
      'header of a GGUF file': HEADER_LIMIT,
    });
  });

  test('projections', () => {
    const listed = tableUnder('Compact form').map(([index, tensor, name]) => [
      Number(index),
      codeIn(tensor)[0],
      codeIn(name)[0],
    ]);
    const known = PROJECTIONS.map(({ projection, torchName }, index) => [
      index,
      formatTensorName(0, projection).replace('.0.', '.L.'),
      torchName,
    ]);
    expect(listed).toEqual(known);
  });

  test('types of tensors', () => {
    const [types, lookAlikes] = tables(document.slice(document.indexOf('### Types'), document.indexOf('### Q1_0')));
    for (const [number, name, blockWeights, blockBytes] of types) {
      expect(tensorTypeOf(Number(number))).toEqual({
        name: codeIn(name)[0],
        blockWeights: Number(blockWeights),
        blockBytes: Number(blockBytes),
      });
    }
    const unquantised = (id: number) => tensorTypeOf(id)?.blockWeights === 1 || tensorTypeOf(id)?.name === 'Q1_0';
    const all = Array.from({ length: 256 }, (_, id) => id);
    expect(types.map(([number]) => Number(number))).toEqual(all.filter(unquantised));
    const refused = lookAlikes.flatMap(([numbers]) => numbers.split(', ').map(Number));
    expect(refused.sort((a, b) => a - b)).toEqual(all.filter((id) => lookAlikeOf(id)));
  });

  test('answer matching', () => {
    const [probe] = parseProbes(Buffer.from(example('probes')), 'example').probes.map(
      ({ alternates: _, ...rest }) => rest,
    );
    const judged = tableUnder('Answer matching').flatMap(([texts, right]) =>
      codeIn(texts).map((quoted) => [(JSON.parse(quoted) as string).replace('⏎', '\n'), right === 'yes'] as const),
    );
    expect(judged.length).toBeGreaterThan(8);
    for (const [generated, right] of judged)
      expect([generated, matchesAnswer(generated, probe)]).toEqual([generated, right]);
  });

  test('parts of a search and their settings', () => {
    const parts = Object.entries({
      strategy: greedy(),
      'other strategy': guided({ known: ['0123456789ab'] }),
      ranking: lowerBound({ unit: 'scale-bit', layers: [0], lookahead: 1 }),
      acceptance: rising(),
      fitness: answerFitness({ known: ['0123456789ab'] }),
      'other fitness': gapFitness(),
    });
    const listed = tables(document.slice(document.indexOf('### Search'), document.indexOf('### Import')))[1];
    for (const [part, { name, settings }] of parts) {
      const row = listed.find(([, cell]) => codeIn(cell)[0] === name) ?? [];
      expect([row[0], codeIn(row[2]).sort()]).toEqual([part.replace('other ', ''), Object.keys(settings).sort()]);
      expect(Object.keys(settings).every((key) => /^[A-Za-z][A-Za-z0-9]{0,63}$/.test(key))).toBe(true);
    }
  });

  test('exit codes', () => {
    const listed = tableUnder('Exit codes and JSON output').map(([code]) => Number(code));
    expect(listed).toEqual(Object.values(exitCodes));
  });
});
