/** Reads docs/FORMAT.md as data: its labelled examples, the ids stated after them, and its tables. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../paths.js';

export const document = readFileSync(join(root, 'docs', 'FORMAT.md'), 'utf8');

/** The text of the fenced block with the label `example:<name>`, without its last line feed. */
export function example(name: string): string {
  return locate(name).text;
}

/** The bytes of an example that is a hexadecimal dump: an offset, two spaces and up to 16 bytes a line. */
export function exampleBytes(name: string): Buffer {
  const lines = example(name).split('\n');
  return Buffer.concat(lines.map((line) => Buffer.from(line.replace(/^\S+ {2}/, '').replaceAll(' ', ''), 'hex')));
}

/** The id (40 or 64 hexadecimal digits) that the text first states after an example. */
export function idAfter(name: string): string {
  const following = document.slice(locate(name).end);
  const id = /`([0-9a-f]{64}|[0-9a-f]{40})`/.exec(following.slice(0, 200));
  if (!id) throw new Error(`FORMAT.md states no id after example:${name}`);
  return id[1];
}

/** The rows of the first table after a heading: cells without their outer spaces. */
export function tableUnder(heading: string): string[][] {
  const section = new RegExp(`^#+ ${heading}$([^]*?)(?=^#)`, 'm').exec(`${document}\n#`);
  if (!section) throw new Error(`FORMAT.md has no section "${heading}"`);
  return tables(section[1])[0];
}

/** The rows, without the header, of every table of a text. */
export function tables(text: string): string[][][] {
  return [...text.matchAll(/(?:^\|.*\n)+/gm)].map(([table]) =>
    table
      .trim()
      .split('\n')
      .slice(2)
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  );
}

/** The texts between backquotes in a cell. */
export const codeIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code);

function locate(name: string): { text: string; end: number } {
  const fence = new RegExp(`^\`\`\`(?:text|json) example:${name.replace('+', '\\+')}\n([^]*?)\n\`\`\`$`, 'm');
  const found = fence.exec(document);
  if (!found) throw new Error(`FORMAT.md has no example:${name}`);
  return { text: found[1], end: found.index + found[0].length };
}
