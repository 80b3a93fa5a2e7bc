/** Where things are, seen from a compiled test; and temporary places that clean up after themselves. */
import { afterAll } from '@jest/globals';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root directory. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The path of a file in `fixtures/`. */
export const fixture = (...parts: string[]): string => join(root, 'fixtures', ...parts);

/** The trained 1-bit model that ships with the project. */
export const fixtureModel = fixture('worksheet-5m-q1_0.gguf');

const temporary: string[] = [];

/** A fresh directory, removed when the test file ends. */
export function temporaryDirectory(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'bankai-test-')));
  temporary.push(path);
  return path;
}

afterAll(() => {
  for (const path of temporary.splice(0)) rmSync(path, { recursive: true, force: true });
});
