/**
 * Loaded before a program under test (`node --import`): stands between it and everything of `node:fs` that changes the
 * disk, and follows the plan of `plan.ts`. What it lets through it does at once, so that points come in the same order.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { type FaultPlan, plannedFault } from './plan.js';
import { Unsynced } from './unsynced.js';

/** Node's callbacks. */
type Done<T> = (error: unknown, value?: T) => void;

/** Does something at once, and tells of it later. */
function later<T>(action: () => T, done: Done<T>): void {
  try {
    const value = action();
    process.nextTick(() => done(null, value));
  } catch (error) {
    process.nextTick(() => done(error));
  }
}

/** The functions as they are, before anything is put in front of them. */
const real = { ...fs };
const realOpen = fs.promises.open;

const plan = plannedFault();
if (plan) await install(plan);

async function install(plan: FaultPlan): Promise<void> {
  const unsynced = new Unsynced(plan.graveyard);
  const paths = new Map<number, string>();
  const log = plan.kind === 'count' ? real.openSync(plan.log, 'w') : undefined;
  const wanted = plan.first === undefined ? undefined : new RegExp(plan.first);
  let target = wanted ? Infinity : plan.at;
  let point = 0;
  // Node's own functions call each other by way of what is put in front of them.
  let isEnding = false;

  const isOurs = (path: string): boolean =>
    !isEnding && plan.roots.some((root) => path === root || path.startsWith(`${root}/`));
  const end = (): never => {
    isEnding = true;
    if (plan.kind === 'power') unsynced.lose(plan.seed);
    process.kill(process.pid, 'SIGKILL');
    throw new Error('killed');
  };

  /** Counts a point, and does there what the plan says. `partly` is what a kill leaves of it. */
  const pass = <T>(operation: string, path: string, action: () => T, partly?: () => void): T => {
    if (!isOurs(path)) return action();
    const at = point++;
    if (log !== undefined) {
      real.writeSync(log, `${operation} ${path}\n`);
      return action();
    }
    if (wanted?.test(`${operation} ${path}`) === true && target === Infinity) target = at;
    const isHere = plan.kind === 'error' && plan.lasting ? at >= target : at === target;
    if (!isHere) return action();
    if (plan.kind !== 'error') {
      partly?.();
      return end();
    }
    // A full disk still lets go of what is there.
    if (plan.code === 'ENOSPC' && ['rm', 'rmdir'].includes(operation)) return action();
    throw Object.assign(new Error(`${plan.code}: injected, ${operation} '${path}'`), {
      ...{ code: plan.code, errno: -1, syscall: operation, path },
    });
  };

  const absolute = (path: unknown): string => resolve(String(path));

  const rename = (from: unknown, to: unknown): void =>
    pass('rename', absolute(to), () => {
      unsynced.renaming(absolute(from), absolute(to));
      real.renameSync(absolute(from), absolute(to));
    });
  const link = (from: unknown, to: unknown): void =>
    pass('link', absolute(to), () => {
      real.linkSync(absolute(from), absolute(to));
      unsynced.linking(absolute(to));
    });
  const remove = (path: unknown, options?: { force?: boolean; recursive?: boolean }): void => {
    if (options?.force === true && !real.existsSync(absolute(path))) return;
    if (options?.recursive === true && real.lstatSync(absolute(path)).isDirectory()) {
      for (const name of real.readdirSync(absolute(path))) remove(join(absolute(path), name), options);
      return rmdir(path);
    }
    pass('rm', absolute(path), () => {
      if (isOurs(absolute(path))) unsynced.removing(absolute(path));
      real.unlinkSync(absolute(path));
    });
  };
  const rmdir = (path: unknown): void =>
    pass('rmdir', absolute(path), () => {
      real.rmdirSync(absolute(path));
      unsynced.removingDirectory(absolute(path));
    });
  const mkdir = (path: unknown, options?: fs.MakeDirectoryOptions): string | undefined => {
    const missing: string[] = [];
    for (let at = absolute(path); !real.existsSync(at); at = dirname(at)) missing.unshift(at);
    if (missing.length === 0) return real.mkdirSync(absolute(path), options);
    return pass('mkdir', absolute(path), () => {
      const made = real.mkdirSync(absolute(path), options);
      for (const directory of missing) unsynced.made(directory);
      return made;
    });
  };
  const creates = (path: string, flags: unknown): boolean =>
    (typeof flags === 'string' ? /[wa]/.test(flags) : (Number(flags ?? 0) & fs.constants.O_CREAT) !== 0) &&
    !real.existsSync(path);
  const opened = (path: string, descriptor: number, created: boolean): void => {
    paths.set(descriptor, path);
    if (created && isOurs(path)) unsynced.created(path);
  };
  const write = (descriptor: number, bytes: Uint8Array | string, position?: number): number => {
    const path = paths.get(descriptor) ?? '';
    const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    if (isOurs(path)) unsynced.writing(path, descriptor, position ?? 0, data.length);
    const some = (length: number) => real.writeSync(descriptor, data, 0, length, position ?? null);
    return pass(
      'write',
      path,
      () => some(data.length),
      () => some(data.length >> 1),
    );
  };
  const sync = (descriptor: number): void => {
    const path = paths.get(descriptor) ?? '';
    return pass('fsync', path, () => {
      real.fsyncSync(descriptor);
      unsynced.synced(path, descriptor);
    });
  };

  const openSync = (path: fs.PathLike, flags?: fs.OpenMode, mode?: fs.Mode): number => {
    const created = creates(absolute(path), flags);
    const open = () => real.openSync(path, flags ?? 'r', mode);
    const descriptor = created ? pass('create', absolute(path), open) : open();
    opened(absolute(path), descriptor, created);
    return descriptor;
  };
  Object.assign(fs, {
    openSync,
    // What streams write with.
    open: (...[path, flags, mode, done]: [fs.PathLike, fs.OpenMode, fs.Mode, Done<number>]) =>
      later(() => openSync(path, flags, mode), done),
    write: (
      ...[descriptor, bytes, offset, length, position, done]: [
        number,
        Uint8Array,
        number,
        number,
        number | undefined,
        Done<number>,
      ]
    ) => later(() => write(descriptor, bytes.subarray(offset, offset + length), position), done),
    writev: (...[descriptor, chunks, position, done]: [number, Uint8Array[], number | undefined, Done<number>]) =>
      later(() => write(descriptor, Buffer.concat(chunks), position), done),
    writeSync: (
      descriptor: number,
      bytes: Uint8Array,
      offset = 0,
      length = bytes.length - offset,
      position?: number,
    ) =>
      paths.has(descriptor)
        ? write(descriptor, bytes.subarray(offset, offset + length), position)
        : real.writeSync(descriptor, bytes, offset, length, position),
    fsyncSync: sync,
    fsync: (descriptor: number, done: Done<void>) => later(() => sync(descriptor), done),
    renameSync: rename,
    linkSync: link,
    rmSync: remove,
    unlinkSync: remove,
    rmdirSync: rmdir,
    mkdirSync: mkdir,
  });
  // Files are opened one after the other, so that the points of a program always come in the same order.
  let opening: Promise<unknown> = Promise.resolve();
  const open: typeof realOpen = async (path, flags, mode) => {
    const created = creates(absolute(path), flags);
    const before = opening;
    const handle = before.then(() =>
      created ? pass('create', absolute(path), () => realOpen(path, flags, mode)) : realOpen(path, flags, mode),
    );
    opening = handle.catch(() => undefined);
    const file = await handle;
    opened(absolute(path), file.fd, created);
    return file;
  };
  const writing =
    (flags: 'w' | 'a') =>
    async (path: fs.PathLike, data: Uint8Array | string): Promise<void> => {
      const file = await open(path, flags);
      try {
        write(file.fd, data);
      } finally {
        await file.close();
      }
    };
  Object.assign(fs.promises, {
    ...{ open, writeFile: writing('w'), appendFile: writing('a') },
    rename: async (from: unknown, to: unknown) => rename(from, to),
    link: async (from: unknown, to: unknown) => link(from, to),
    rm: async (path: unknown, options?: { force?: boolean; recursive?: boolean }) => remove(path, options),
    unlink: async (path: unknown) => remove(path),
    rmdir: async (path: unknown) => rmdir(path),
    mkdir: async (path: unknown, options?: fs.MakeDirectoryOptions) => mkdir(path, options),
    copyFile: async (from: fs.PathLike, to: fs.PathLike) => {
      // What is not there changes nothing.
      if (!real.existsSync(from)) return real.copyFileSync(from, to);
      return pass(
        'copy',
        absolute(to),
        () => real.copyFileSync(from, to),
        () => real.writeFileSync(to, real.readFileSync(from).subarray(0, 1000)),
      );
    },
  });

  const handle = await realOpen(process.execPath, 'r');
  Object.assign(Object.getPrototypeOf(handle), {
    async writeFile(this: fs.promises.FileHandle, data: Uint8Array | string) {
      write(this.fd, data);
    },
    async write(this: fs.promises.FileHandle, bytes: Uint8Array, offset = 0, length = bytes.length - offset) {
      return { bytesWritten: write(this.fd, bytes.subarray(offset, offset + length)), buffer: bytes };
    },
    async sync(this: fs.promises.FileHandle) {
      sync(this.fd);
    },
  });
  await handle.close();
  syncBuiltinESMExports();
}
