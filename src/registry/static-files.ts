/**
 * Owns the serving of a registry's files over HTTP: those that a registry has and no others, to be read and never written.
 * What has its version or digest in its name may be kept for ever.
 */
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { TIMESTAMP_PATH } from './layout.js';

/** Headers of every answer: nothing is executed, framed, guessed or told to others. */
export const safeHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
} as const;

/** The paths that a registry has. Nothing else is looked for on the disk, so no path leads out of the directory. */
const served =
  /^(metadata\/(\d{1,16}\.[a-z0-9-]{1,64}|timestamp)\.json|targets\/[a-z0-9-]{1,64}\/[0-9a-f]{64}\.index\.json|bundles\/[0-9a-f]{2}\/[0-9a-f]{62}\.json)$/;

/** Answers a GET or HEAD for a file of a registry. → whether the path can be one; otherwise nothing was answered */
export async function answerFile(
  directory: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (!served.test(path)) return false;
  const file = join(directory, path);
  const status = await lstat(file, { bigint: true }).catch(() => undefined);
  if (status?.isFile() !== true) {
    answerText(response, 404, 'There is no such file in this registry.\n', request.method === 'HEAD');
    return true;
  }
  const size = Number(status.size);
  const etag = `"${status.size.toString(36)}-${status.mtimeNs.toString(36)}"`;
  const headers = {
    ...safeHeaders,
    'content-security-policy': "default-src 'none'",
    'content-type': 'application/json',
    'accept-ranges': 'bytes',
    'cache-control': path === TIMESTAMP_PATH ? 'no-cache' : 'public, max-age=31536000, immutable',
    etag,
  };
  const known = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim());
  if (known.includes(etag) || known.includes('*')) {
    response.writeHead(304, headers).end();
    return true;
  }
  // If-Range with another tag asks for the whole file: RFC 9110, section 13.1.5.
  const isSame = [undefined, etag].includes(request.headers['if-range'] as string | undefined);
  const range = isSame ? rangeOf(request.headers.range, size) : undefined;
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${size}` }).end();
    return true;
  }
  const [first, last] = range ?? [0, size - 1];
  response.writeHead(range ? 206 : 200, {
    ...headers,
    'content-length': last - first + 1,
    ...(range && { 'content-range': `bytes ${first}-${last}/${size}` }),
  });
  if (request.method === 'HEAD' || size === 0) response.end();
  else {
    createReadStream(file, { start: first, end: last })
      .on('error', () => response.destroy())
      .pipe(response);
  }
  return true;
}

/** Answers with a line of text. */
export function answerText(response: ServerResponse, status: number, text: string, isHead = false): void {
  response.writeHead(status, {
    ...safeHeaders,
    'content-security-policy': "default-src 'none'",
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...(status === 405 && { allow: 'GET, HEAD' }),
  });
  response.end(isHead ? undefined : text);
}

/** One range of bytes, first and last. Several, and what is no range of bytes, are answered with the whole file. */
function rangeOf(header: string | undefined, size: number): readonly [number, number] | 'unsatisfiable' | undefined {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (from === undefined || (from === '' && to === '')) return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== '' && to !== '' && Number(to) < first) return undefined;
  return first > last ? 'unsatisfiable' : [first, last];
}
