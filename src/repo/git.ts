/**
 * Owns the loading of isomorphic-git, when the first of its functions is asked for: it takes as long as an empty program,
 * and only making a repository needs it. It is loaded by `require`: the `import` of a CommonJS module this large first
 * searches its text for export names.
 */
import { createRequire } from 'node:module';
import type * as Git from 'isomorphic-git';

const require = createRequire(import.meta.url);

export const git = new Proxy({} as typeof Git, {
  get: (_, name) => Reflect.get(require('isomorphic-git') as typeof Git, name) as unknown,
});
