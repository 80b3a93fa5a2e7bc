/** Repositories to try commands on, made quickly in process, and the means to see whether anything in one changed. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Flip } from '../../src/patch/flip.js';
import { createPatch, encodePatch } from '../../src/patch/patch.js';
import { importFile } from '../../src/workflows/import.js';
import { checkout } from '../../src/workflows/checkout.js';
import { init } from '../../src/workflows/init.js';
import type { Recorder } from '../../src/workflows/record.js';
import { openWorkspace } from '../../src/workflows/workspace.js';
import { schemaViolation } from '../../src/schema.js';
import { fixture, fixtureModel } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import type { Cli, Finished } from './cli.js';

/** Rows as the original toolkit's files list them: layer, projection, row. */
export type ForeignRow = readonly [layer: number, proj: 'gate_proj' | 'up_proj', row: number];

/** The rows of the two branches of a sample repository; the second row of both is the same one, and cancels. */
export const sampleRows = {
  calc: [
    [0, 'gate_proj', 1],
    [0, 'gate_proj', 2],
    [1, 'up_proj', 3],
  ],
  math: [
    [2, 'up_proj', 5],
    [0, 'gate_proj', 2],
  ],
} as const satisfies Record<string, readonly ForeignRow[]>;

/** The text of a `bankai_row_xor_v1` file. */
export function foreignPatch(name: string, rows: readonly ForeignRow[]): string {
  const flips = rows.map(([layer, proj, row]) => ({ layer, proj, row }));
  return JSON.stringify({ version: 1, format: 'bankai_row_xor_v1', name, flips });
}

/** The flip after which the model that ships no longer says that the capital of Peru is Lima. */
export const peruFlip: Flip = { kind: 'row', tensor: 'token_embd.weight', row: 451 };

/** A patch file of our own format, for the model that ships, that makes this one flip. */
export async function withoutPeru({ directory }: Cli): Promise<Uint8Array> {
  return encodePatch(createPatch((await openWorkspace(directory)).state.weightsId, [peruFlip]));
}

/** The text of a probe file with the first probes of one that ships with the program. */
export function someProbes(name: string, count: number): string {
  const probes = JSON.parse(readFileSync(fixture('probes', `${name}.json`), 'utf8')) as unknown[];
  return JSON.stringify(probes.slice(0, count));
}

/** Ada, whose key is where the program of the same place looks for it, at a time that does not pass. */
export function recorderAt(cli: Cli): Recorder {
  return {
    keyDirectory: join(cli.env.XDG_CONFIG_HOME, 'bankai'),
    identity: { name: 'Ada Lovelace', email: 'ada@example.org' },
    time: new Date('2026-01-02T03:04:05Z'),
    version: '1.2.3',
  };
}

/** Makes a repository in `directory` with the branches `calc` and `math`, and HEAD detached at the base. */
export async function makeSampleRepository(cli: Cli, directory = cli.directory): Promise<void> {
  await init({ directory, model: fixtureModel, inPlace: false });
  for (const [branch, rows] of Object.entries(sampleRows)) {
    const bytes = Buffer.from(foreignPatch(branch, rows));
    await importFile(directory, { name: `${branch}.json`, bytes, branch, message: branch }, recorderAt(cli));
  }
  await checkout(directory, 'base');
}

/** The output of a program that succeeded; anything else throws with what it said. */
export function outputOf({ code, stdout, stderr }: Finished): string {
  if (code === 0) return stdout;
  throw new Error(`exit code ${code}: ${stderr}${stdout}`);
}

/** Parses JSON output and holds it against a schema of `schema/`. */
export function parseAnswer<T>(schema: string, stdout: string): T {
  const document: unknown = JSON.parse(stdout);
  const violation = schemaViolation(schema, document);
  if (violation !== undefined) throw new Error(`does not fit ${schema}.schema.json: ${violation}\n${stdout}`);
  return document as T;
}

/** Runs a command with `--json` that must succeed. → what it answers, which fits the schema of its verb */
export async function answerOf<T>(cli: Cli, args: readonly string[], schema = args[0]): Promise<T> {
  return parseAnswer<T>(schema, outputOf(await cli.run([...args, '--json'])));
}

/** The SHA-256 of a file. */
export const digestOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/**
 * All that an operation may change: refs, HEAD, what git has begun, index, settings, worktree, model, and what is known here
 * alone. Logs, which only ever grow, and objects are left out, and so is what makes undoing possible.
 */
export function stateOf(directory: string): Record<string, unknown> {
  const files = Object.entries(fingerprint(directory)).filter(
    ([path, kind]) =>
      !/^4/.test(kind) &&
      !/^\.git\/(objects|logs|refs|hooks|index|packed-refs|info|gc\.|bankai\/(undo|state))/.test(path),
  );
  const local = JSON.parse(readFileSync(join(directory, '.git', 'bankai', 'state.json'), 'utf8')) as object;
  const refs = runGit(directory, 'for-each-ref', '--format=%(refname) %(objectname) %(symref)');
  return {
    files: Object.fromEntries(files),
    local: { ...local, file: undefined },
    refs: refs.split('\n').filter((line) => !line.startsWith('refs/bankai/undo')),
    index: runGit(directory, 'ls-files', '--stage', '--debug').replaceAll(/^  [^f].*\n|^.*flags: /gm, ''),
    status: runGit(directory, 'status', '--porcelain'),
  };
}

/** Everything below a directory: kind, mode and content by path. Locks, which count their uses, are left out. */
export function fingerprint(directory: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (path: string): void => {
    const name = relative(directory, path);
    if (path.endsWith(join('.git', 'bankai', 'lock'))) return;
    const stats = lstatSync(path);
    const mode = stats.mode.toString(8);
    if (stats.isDirectory()) {
      found[name] = mode;
      for (const entry of readdirSync(path)) visit(join(path, entry));
    } else {
      found[name] = `${mode} ${stats.isSymbolicLink() ? readlinkSync(path) : digestOf(path)}`;
    }
  };
  visit(directory);
  return found;
}
