/**
 * Owns the file system that isomorphic-git sees.
 *
 * isomorphic-git writes objects, refs, HEAD and index in place and never repairs an object that a crash cut short. Here
 * every write is a temporary file, fsync, rename and fsync of the directory; and a loose object whose bytes do not hash
 * to its name counts as absent when isomorphic-git asks whether it still has to write it.
 */
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, readlink, rm, rmdir, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Placement, removeDurably, syncDirectory, writeFileDurably } from '../durable.js';
import { parseLooseObject } from './loose-object.js';

type WriteOptions = { mode?: number } | string;

/** The part of `fs` that isomorphic-git asks for. */
export interface DurableFs {
  promises: {
    readFile: typeof readFile;
    writeFile(path: string, data: Uint8Array | string, options?: WriteOptions): Promise<void>;
    mkdir(path: string): Promise<void>;
    unlink(path: string): Promise<void>;
    rm: typeof rm;
    rmdir: typeof rmdir;
    readdir: typeof readdir;
    stat(path: string): ReturnType<typeof lstat>;
    lstat(path: string): ReturnType<typeof lstat>;
    readlink: typeof readlink;
    symlink: typeof symlink;
  };
}

/** Makes the file system for one git directory; everything written through it is complete after a crash. */
export function createDurableFs(gitDirectory: string): DurableFs {
  return {
    promises: {
      readFile,
      writeFile(path, data) {
        const mode = looseObjectName(gitDirectory, path) === undefined ? 0o666 : 0o444;
        return replaceFile(gitDirectory, path, data, { mode });
      },
      async mkdir(path) {
        await mkdir(path);
        await syncDirectory(dirname(path));
      },
      async unlink(path) {
        // The caller learns from lstat that there is nothing to remove.
        await lstat(path);
        await removeDurably(path);
      },
      rm,
      rmdir,
      readdir,
      async stat(path) {
        const stats = await stat(path);
        const name = looseObjectName(gitDirectory, path);
        if (name !== undefined && !parseLooseObject(await readFile(path), name)) throw absent(path);
        return stats;
      },
      lstat: (path) => lstat(path),
      readlink,
      symlink,
    },
  };
}

/**
 * Replaces a file of a repository: `writeFileDurably` by way of a temporary file that has the name and the place of git's
 * own ones, so that `git fsck` takes no notice of one that a crash left behind and `git gc` removes it. Throws what the
 * disk says.
 */
export async function replaceFile(
  gitDirectory: string,
  path: string,
  data: Uint8Array | string,
  placement: Pick<Placement, 'mode'> = {},
): Promise<void> {
  await writeFileDurably(path, data, { ...placement, temporary: temporaryObject(gitDirectory) });
}

/** A new name in the place of git's own temporary files, of the kind that it removes. */
export const temporaryObject = (gitDirectory: string): string =>
  join(gitDirectory, 'objects', `tmp_obj_${randomBytes(6).toString('hex')}`);

/** The object id that a path inside `objects/` stands for, or undefined for every other file. */
function looseObjectName(gitDirectory: string, path: string): string | undefined {
  const directory = dirname(path);
  if (dirname(directory) !== join(gitDirectory, 'objects')) return undefined;
  const name = basename(directory) + basename(path);
  return /^[0-9a-f]{40}$/.test(name) ? name : undefined;
}

function absent(path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`ENOENT: ${path} holds no intact object`), { code: 'ENOENT', path });
}
