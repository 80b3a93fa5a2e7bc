/** Owns which names of files in a tree, somebody else's data, may become files of the worktree. */

/** Characters that HFS+ leaves out of names, so that they hide what a name is. */
const invisible = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/**
 * Tells whether a name leads nowhere but into its directory and is not, on any file system, another spelling of `.git`:
 * NTFS drops dots and spaces at the end, ends names at a colon and has short names; HFS+ drops invisible characters.
 */
export function isSafeName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || /[/\\\0:]/.test(name)) return false;
  const plain = name
    .replace(invisible, '')
    .replace(/[. ]+$/, '')
    .toLowerCase();
  return plain !== '.git' && plain !== 'git~1' && plain !== '';
}
