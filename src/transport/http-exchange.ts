/** Owns one request over HTTP and its answer, until the other side falls silent. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HttpSettings } from './configured.js';
import type { ConnectionOptions } from './connection.js';
import { endless, silent, slow, unreachable } from './http-failure.js';
import { type Outgoing, sendTo } from './http-way.js';

/** A body to be sent, which can be sent again. */
export interface RequestBody {
  readonly type: string;
  readonly length: number;
  open(): Readable;
}

export interface HttpRequest {
  readonly url: URL;
  readonly accept: string;
  /** With a body it is a POST, else a GET. */
  readonly body?: RequestBody;
  /** The most that the answer may have. */
  readonly byteLimit: number;
}

/** Sends a request. → the answer, its body unread. Throws as `sendTo`. */
export function exchange(
  { url, accept, body }: HttpRequest,
  extra: Readonly<Record<string, string | readonly string[]>>,
  { signal, timeoutMs, version }: ConnectionOptions,
  settings: HttpSettings,
): Promise<IncomingMessage> {
  const { userAgent = `git/bankai-${version}` } = settings;
  const outgoing: Outgoing = {
    method: body ? 'POST' : 'GET',
    headers: {
      ...{ accept, 'user-agent': userAgent, ...extra },
      ...(body && { 'content-type': body.type, 'content-length': String(body.length) }),
    },
    begin(request) {
      request.setTimeout(timeoutMs, () => request.destroy(silent(url, timeoutMs)));
      if (!body) request.end();
      // A server that answers before it has read everything closes the connection: its answer counts.
      else pipeline(body.open(), request).catch(() => undefined);
    },
  };
  return sendTo(url, outgoing, settings, { signal, timeoutMs, userAgent });
}

/** The body of an answer. Throws REMOTE_FAILED for one without an end, REMOTE_UNREACHABLE, AbortError. */
export async function* bodyOf(
  answer: IncomingMessage,
  url: URL,
  byteLimit: number,
  { signal, timeoutMs }: ConnectionOptions,
  { slowest }: HttpSettings,
): AsyncGenerator<Uint8Array> {
  answer.setTimeout(timeoutMs, () => answer.destroy(silent(url, timeoutMs)));
  let bytes = 0;
  let inSpan = 0;
  // As curl does, the speed is looked at in spans of time.
  const watch =
    slowest &&
    setInterval(() => {
      if (inSpan < slowest.bytesPerSecond * slowest.seconds)
        answer.destroy(slow(url, slowest.bytesPerSecond, slowest.seconds));
      inSpan = 0;
    }, slowest.seconds * 1000);
  try {
    for await (const chunk of answer as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      inSpan += chunk.length;
      if (bytes > byteLimit) throw endless(url, byteLimit);
      yield chunk;
    }
  } catch (error) {
    throw unreachable(url, error as Error, signal);
  } finally {
    clearInterval(watch);
  }
}
