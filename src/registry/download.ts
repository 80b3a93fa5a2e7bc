/**
 * Owns the fetching of bytes from somebody who may be hostile: never more than was asked for, never for longer than it is
 * worth, from any static host or from a directory (`file:`).
 */
import { setMaxListeners } from 'node:events';
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BankaiError, RegistryError, RemoteError } from '../errors.js';
import { type FindSettings, get } from './http-get.js';

/** How slow a server may be. */
export interface Patience {
  /** Milliseconds without a byte, to the first one and between any two. */
  readonly idleMs: number;
  /** Milliseconds after which the mean speed counts. */
  readonly graceMs: number;
  /** Least mean speed. */
  readonly bytesPerSecond: number;
}

/** What is fair to a telephone on a train, and to nobody who wants to keep us waiting. */
export const patience: Patience = { idleMs: 30_000, graceMs: 20_000, bytesPerSecond: 512 };

/** How to fetch. */
export interface Network {
  /** How to talk with a host; straight where nothing is said. */
  readonly settings?: FindSettings;
  readonly patience?: Patience;
  readonly signal?: AbortSignal;
}

/** The beginning of an answer. */
export interface Download {
  /** Where in the file the chunks begin: 0 where the server does not do parts. */
  readonly start: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Resolves a path below a registry's address. */
export const urlOf = (base: string, path: string): string => `${base.endsWith('/') ? base : `${base}/`}${path}`;

/** Fetches a whole file. Throws REGISTRY_TOO_LONG, REGISTRY_SLOW, REGISTRY_UNREACHABLE (with the HTTP status as `data.status`), and what `settings` throws. */
export async function fetchBytes(url: string, byteLimit: number, network: Network = {}): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const { chunks } = await openDownload(url, 0, byteLimit, network);
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/**
 * Begins to fetch a file at byte `from`. The chunks are `byteLimit` bytes at most, counted from the file's beginning, and
 * come as fast as asked for; otherwise the iteration throws. Throws as `fetchBytes`.
 */
export async function openDownload(
  url: string,
  from: number,
  byteLimit: number,
  network: Network = {},
): Promise<Download> {
  const watch = watchOf(url, network);
  try {
    const { start, body } = url.startsWith('file:')
      ? { start: from, body: createReadStream(fileURLToPath(url), { start: from, signal: watch.signal }) }
      : await request(url, from, watch.signal, network);
    return { start, chunks: watched(url, body as AsyncIterable<Uint8Array>, byteLimit - start, watch) };
  } catch (error) {
    watch.end();
    throw watch.explain(error);
  }
}

async function request(url: string, from: number, signal: AbortSignal, { settings, patience: limits }: Network) {
  const answer = await get(url, from, { settings, signal, timeoutMs: (limits ?? patience).idleMs });
  const { statusCode: status = 0, headers } = answer;
  if (status === 206 && from > 0) {
    const first = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
    if (Number(first) === from) return { start: from, body: answer };
    answer.destroy();
    throw unreachable(url, 'answers with another part than was asked for', status);
  }
  if (status === 200) return { start: 0, body: answer };
  answer.resume();
  throw unreachable(url, `answers with HTTP status ${status}`, status);
}

interface Watch {
  readonly signal: AbortSignal;
  /** Counts bytes that came. Throws REGISTRY_SLOW. */
  saw(bytes: number): void;
  end(): void;
  explain(error: unknown): unknown;
}

function watchOf(url: string, { patience: limits = patience, signal }: Network): Watch {
  const controller = new AbortController();
  const began = performance.now();
  let total = 0;
  let isSlow = false;
  const giveUp = (): void => {
    isSlow = true;
    controller.abort();
  };
  let timer = setTimeout(giveUp, limits.idleMs);
  const forward = (): void => controller.abort(signal?.reason);
  // Many downloads may listen to one signal, which is no leak.
  if (signal) setMaxListeners(0, signal);
  signal?.addEventListener('abort', forward, { once: true });
  if (signal?.aborted) forward();
  return {
    signal: controller.signal,
    saw(bytes) {
      total += bytes;
      clearTimeout(timer);
      timer = setTimeout(giveUp, limits.idleMs);
      const elapsedMs = performance.now() - began;
      if (elapsedMs > limits.graceMs && total < (limits.bytesPerSecond * elapsedMs) / 1000) throw slow(url);
    },
    end() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', forward);
      controller.abort();
    },
    explain(error) {
      if (error instanceof RegistryError) return error;
      if (isSlow) return slow(url);
      if (signal?.aborted) return Object.assign(new Error('Interrupted'), { name: 'AbortError' });
      if (error instanceof RemoteError) {
        return unreachable(url, `cannot be fetched: ${error.message}`, undefined, error, error.hint);
      }
      // What is wrong with our own settings, as it is.
      if (error instanceof BankaiError) return error;
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return unreachable(url, 'is not there', 404, error);
      return unreachable(url, `cannot be fetched: ${message || code}`, undefined, error);
    },
  };
}

async function* watched(url: string, body: AsyncIterable<Uint8Array>, byteLimit: number, watch: Watch) {
  let left = byteLimit;
  try {
    for await (const chunk of body) {
      left -= chunk.length;
      if (left < 0) throw tooLong(url, byteLimit);
      watch.saw(chunk.length);
      yield chunk;
    }
  } catch (error) {
    throw watch.explain(error);
  } finally {
    watch.end();
  }
}

function slow(url: string): RegistryError {
  return new RegistryError('REGISTRY_SLOW', `${url} comes too slowly`, {
    hint: 'Try again later. What was fetched of a patch is kept, and the next run goes on from there.',
    data: { url },
  });
}

function tooLong(url: string, byteLimit: number): RegistryError {
  return new RegistryError('REGISTRY_TOO_LONG', `${url} goes on after the ${byteLimit} bytes that it may have`, {
    hint: 'The server, or somebody between, sends what nobody signed. Nothing of it was kept.',
    data: { url, byteLimit },
  });
}

function unreachable(url: string, fact: string, status?: number, cause?: unknown, hint?: string): RegistryError {
  return new RegistryError('REGISTRY_UNREACHABLE', `${url} ${fact}`, {
    hint: hint ?? 'Check the address of the registry and your connection.',
    data: { url, ...(status !== undefined && { status }) },
    cause,
  });
}
