/** Owns one request over HTTP and its answer: straight or through a proxy, until the other side falls silent. */
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connect as connectTls } from 'node:tls';
import type { HttpSettings } from './configured.js';
import type { ConnectionOptions } from './connection.js';
import { endless, silent, slow, unreachable } from './http-failure.js';
import { openTunnel, proxyHeaders, proxyHost, proxyRefused } from './proxy.js';

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

/** An address as it is requested: who we are goes into a header, or nowhere. */
export function bare(url: URL): URL {
  const plain = new URL(url);
  [plain.username, plain.password, plain.hash] = ['', '', ''];
  return plain;
}

/** Sends a request. → the answer, its body unread. Throws REMOTE_UNREACHABLE, REMOTE_UNTRUSTED, REMOTE_DENIED, AbortError. */
export async function exchange(
  { url, accept, body }: HttpRequest,
  extra: Readonly<Record<string, string | readonly string[]>>,
  { signal, timeoutMs, version }: ConnectionOptions,
  { proxy, tls, userAgent = `git/bankai-${version}` }: HttpSettings,
): Promise<IncomingMessage> {
  const isSecure = url.protocol === 'https:';
  const through = proxy && isSecure ? await tunnelTo(url, proxy, { signal, timeoutMs, userAgent }) : undefined;
  const relay = proxy && !isSecure ? proxy : undefined;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = {
      accept,
      'user-agent': userAgent,
      ...extra,
      ...(relay && { ...proxyHeaders(relay), host: url.host }),
      ...(body && { 'content-type': body.type, 'content-length': String(body.length) }),
    };
    const options = {
      ...{ method: body ? 'POST' : 'GET', headers: headers as Record<string, string | string[]> },
      ...(signal && { signal }),
      ...(isSecure ? tls : {}),
      ...(relay && { ...proxyHost(relay), path: bare(url).href }),
      ...(through && { createConnection: () => connectTls({ ...tls, ...nameOf(url), socket: through }) }),
    };
    const start = isSecure || relay?.protocol === 'https:' ? requestSecure : requestPlain;
    const outgoing = relay ? start(options, resolve) : start(bare(url).href, options, resolve);
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(silent(url, timeoutMs)));
    outgoing.on('error', (error) => reject(unreachable(url, error, signal, proxy)));
    if (!body) outgoing.end();
    // A server that answers before it has read everything closes the connection: its answer counts.
    else pipeline(body.open(), outgoing).catch(() => undefined);
  });
  if (relay && answer.statusCode === 407) {
    answer.destroy();
    throw proxyRefused(relay, 407);
  }
  return answer;
}

function tunnelTo(url: URL, proxy: URL, options: Parameters<typeof openTunnel>[2]): Promise<Socket> {
  return openTunnel(proxy, url, options).catch((error: unknown) => {
    throw unreachable(url, error as Error, options.signal, proxy);
  });
}

/** Whose certificate is expected; an address of numbers has no name to be asked for. */
const nameOf = ({ hostname }: URL) => {
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, ...(!/^[\d.]+$|:/.test(host) && { servername: host }) };
};

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
