/** Owns refspecs: what of a remote is kept where, `+refs/heads/*:refs/remotes/origin/*`; and which ref names git allows. */
import { RepositoryError } from '../errors.js';
import { refNameFault } from './ref-name.js';

/** A refspec with both of its sides. */
export interface Refspec {
  /** A ref may also go to where its history does not lead. */
  readonly force: boolean;
  readonly from: string;
  readonly to: string;
}

/** Parses a refspec of the configuration. Throws REPOSITORY_CORRUPT. */
export function parseRefspec(text: string): Refspec {
  const [, force, from, to] = /^(\+?)(refs\/[^:]+):(refs\/[^:]+)$/.exec(text) ?? [];
  const stars = (side = ''): number => side.split('*').length - 1;
  if (from !== undefined && to !== undefined && stars(from) === stars(to) && stars(from) <= 1) {
    return { force: force === '+', from, to };
  }
  throw new RepositoryError('REPOSITORY_CORRUPT', `Cannot read the refspec "${text}" of the configuration`, {
    hint: 'Make it one like +refs/heads/*:refs/remotes/origin/* with "git config --edit".',
  });
}

/** The place of a remote's ref here, or undefined where the refspec is not about it. */
export function placeOf({ from, to }: Refspec, ref: string): string | undefined {
  const [start, end] = from.split('*');
  if (end === undefined) return ref === from ? to : undefined;
  if (!ref.startsWith(start) || !ref.endsWith(end) || ref.length < start.length + end.length) return undefined;
  return to.replace('*', () => ref.slice(start.length, ref.length - end.length));
}

/** Tells whether git could have a ref of this full name: a remote may say anything. */
export const isRefName = (ref: string): boolean =>
  /^refs\/[^/]+\/./.test(ref) && refNameFault(ref.slice('refs/'.length)) === undefined;
