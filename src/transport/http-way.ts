/** Owns how one request gets to a host: straight, through a proxy that relays it, or through a tunnel that TLS needs. */
import { type ClientRequest, type IncomingMessage, request as requestPlain, type RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpSettings } from './configured.js';
import { unreachable } from './http-failure.js';
import { openTunnel, proxyHeaders, proxyHost, proxyRefused, type TunnelOptions } from './proxy.js';

/** What a request says; where it goes is the way's. */
export interface Outgoing {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Sends the body and ends the request. */
  begin(request: ClientRequest): void;
}

/** An address as it is requested: who we are goes into a header, or nowhere. */
export function bare(url: URL): URL {
  const plain = new URL(url);
  [plain.username, plain.password, plain.hash] = ['', '', ''];
  return plain;
}

/**
 * Sends a request the way that settings say. → the answer, its body unread. Throws REMOTE_UNREACHABLE, REMOTE_UNTRUSTED,
 * REMOTE_DENIED and REMOTE_FAILED (the proxy refuses), AbortError.
 */
export async function sendTo(
  url: URL,
  outgoing: Outgoing,
  settings: Pick<HttpSettings, 'proxy' | 'tls'>,
  options: TunnelOptions,
): Promise<IncomingMessage> {
  const { proxy } = settings;
  const relay = url.protocol === 'http:' ? proxy : undefined;
  try {
    const { start, target } = await clientFor(url, outgoing, settings, options);
    const answer = await attempt(start, target, outgoing);
    if (!relay || answer.statusCode !== 407) return answer;
    answer.destroy();
    throw proxyRefused(relay, 407);
  } catch (error) {
    throw unreachable(url, error as Error, options.signal, proxy);
  }
}

type Start = typeof requestPlain;

/** Which of Node's clients is asked, and what it is told. TLS is loaded only for who wants it: that takes a while. */
async function clientFor(
  url: URL,
  { method, headers }: Outgoing,
  { proxy, tls }: Pick<HttpSettings, 'proxy' | 'tls'>,
  options: TunnelOptions,
): Promise<{ start: Start; target: RequestOptions }> {
  const { signal } = options;
  const common = { method, ...(signal && { signal }) };
  const own = headers as Record<string, string | string[]>;
  const secure = async (): Promise<Start> => (await import('node:https')).request as Start;
  if (url.protocol === 'https:') {
    const tunnel = proxy && (await tunnelled(url, await openTunnel(proxy, url, options), tls));
    return { start: await secure(), target: { ...addressOf(url), ...common, ...tls, ...tunnel, headers: own } };
  }
  if (!proxy) return { start: requestPlain, target: { ...addressOf(url), ...common, headers: own } };
  const relayed = {
    ...proxyHost(proxy),
    path: bare(url).href,
    headers: { ...own, ...proxyHeaders(proxy), host: url.host },
  };
  return { start: proxy.protocol === 'https:' ? await secure() : requestPlain, target: { ...common, ...relayed } };
}

const addressOf = ({ hostname, port, pathname, search, protocol }: URL): RequestOptions => ({
  ...{ protocol, host: hostname.replace(/^\[|\]$/g, ''), path: pathname + search },
  ...(port !== '' && { port }),
});

async function tunnelled(url: URL, socket: Socket, tls: HttpSettings['tls']): Promise<RequestOptions> {
  const { connect } = await import('node:tls');
  return { createConnection: () => connect({ ...tls, ...nameOf(url), socket }) };
}

/** Whose certificate is expected; an address of numbers has no name to be asked for. */
const nameOf = ({ hostname }: URL) => {
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, ...(!/^[\d.]+$|:/.test(host) && { servername: host }) };
};

function attempt(start: Start, target: RequestOptions, outgoing: Outgoing): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let answered = false;
    const request = start(target, (answer) => {
      answered = true;
      resolve(answer);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      // The server closed a connection that was kept, just as it was used again: that says nothing about this request.
      const isStale = outgoing.method === 'GET' && !answered && request.reusedSocket && error.code === 'ECONNRESET';
      if (isStale) attempt(start, target, outgoing).then(resolve, reject);
      else reject(error);
    });
    outgoing.begin(request);
  });
}
