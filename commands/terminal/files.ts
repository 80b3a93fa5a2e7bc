/** Owns the files that commands are given: probe files, by path or by the name of a set that ships with the program. */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { RepositoryError } from '../../src/errors.js';
import type { ProbeFile } from '../../src/workflows/commit.js';

const shipped = [
  'calculus',
  'calculus-large',
  'calculus-heldout',
  'arithmetic',
  'arithmetic-large',
  'arithmetic-heldout',
  'knowledge',
];

/** Bytes of the largest file that is read as a whole. */
const BYTE_LIMIT = 64 << 20;

/** Reads a probe file; a bare name that is no file means a set that ships with the program. Throws FILE_NOT_FOUND, IO. */
export async function readProbeFile(nameOrPath: string, resolvePath: (path: string) => string): Promise<ProbeFile> {
  const path = resolvePath(nameOrPath);
  if (shipped.includes(nameOrPath) && !(await isFile(path))) {
    return { name: `${nameOrPath}.json`, bytes: await readFile(shippedPath(nameOrPath)) };
  }
  const hint = `Give the path of a probe file, or the name of a set that ships with Bankai: ${shipped.join(', ')}.`;
  return { name: basename(path), bytes: await readInput(path, hint) };
}

/** Reads a text; the bare name `text`, where that is no file, means the one that ships with the program. Throws FILE_NOT_FOUND, IO. */
export async function readTextFile(nameOrPath: string, resolvePath: (path: string) => string): Promise<ProbeFile> {
  const path = resolvePath(nameOrPath);
  if (nameOrPath === 'text' && !(await isFile(path))) return { name: 'text.txt', bytes: await readFile(shippedText) };
  const hint = 'Give the path of a text file, or "text" for the one that ships with Bankai.';
  return { name: basename(path), bytes: await readInput(path, hint) };
}

/** Reads the files that a record may mean by a name: in the working directory, and of those that ship with the program. */
export async function filesOfName(name: string, resolvePath: (path: string) => string): Promise<Uint8Array[]> {
  const path = resolvePath(name);
  const set = name.replace(/\.json$/, '');
  return [
    ...((await isFile(path)) ? [await readInput(path, 'Move it away, or give another.')] : []),
    ...(name === 'text.txt' ? [await readFile(shippedText)] : []),
    ...(shipped.includes(set) ? [await readFile(shippedPath(set))] : []),
  ];
}

/** Reads a file that was named on the command line. Throws FILE_NOT_FOUND, IO. */
export async function readInput(path: string, hint: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > BYTE_LIMIT) {
      throw new RepositoryError('IO', `${path} has ${size} bytes; at most ${BYTE_LIMIT} are read`, { hint });
    }
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new RepositoryError('FILE_NOT_FOUND', `There is no file ${path}`, { hint, data: { path }, cause });
  }
}

/** The path of a shipped probe set. */
export const shippedPath = (name: string): URL => new URL(`../../../fixtures/probes/${name}.json`, import.meta.url);

const shippedText = new URL('../../../fixtures/text.txt', import.meta.url);

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
