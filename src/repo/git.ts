/**
 * Owns the loading of isomorphic-git.
 *
 * It is loaded by `require`: the `import` of a CommonJS module this large first searches its text for export names,
 * which costs every command about 0.1 s.
 */
import { createRequire } from 'node:module';
import type * as Git from 'isomorphic-git';
import type * as Managers from 'isomorphic-git/managers';
import type * as Models from 'isomorphic-git/models';

const require = createRequire(import.meta.url);

export const git = require('isomorphic-git') as typeof Git;

/** Loads what isomorphic-git exports for editing the index in one go; its plain API writes the file once per path. */
export function loadIndexEditor(): Pick<typeof Managers, 'GitIndexManager'> & Pick<typeof Models, 'FileSystem'> {
  const { GitIndexManager } = require('isomorphic-git/managers') as typeof Managers;
  const { FileSystem } = require('isomorphic-git/models') as typeof Models;
  return { GitIndexManager, FileSystem };
}
