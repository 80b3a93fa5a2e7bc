/** Owns the way through an HTTP proxy: which one, and the tunnel through it that TLS needs. */
import { request as requestPlain } from 'node:http';
import type { Socket } from 'node:net';
import { RemoteError, UsageError } from '../errors.js';
import { decoded, isLoopback, withoutSecrets } from './url.js';

/** What the environment says of proxies, as curl reads it: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`. */
export interface ProxyVariables {
  readonly http?: string;
  readonly https?: string;
  readonly all?: string;
  /** Hosts that are reached without one, parted by commas; `*` is all. */
  readonly none?: string;
}

/**
 * The proxy for an address: `http.proxy` before the environment, empty for none. Throws URL_INVALID for one that is no HTTP
 * proxy.
 */
export function chooseProxy(url: URL, configured: string | undefined, variables: ProxyVariables): URL | undefined {
  const text = configured ?? (url.protocol === 'https:' ? variables.https : variables.http) ?? variables.all ?? '';
  if (text === '' || isExempt(url, variables.none ?? '')) return undefined;
  const full = text.includes('://') ? text : `http://${text}`;
  const proxy = URL.canParse(full) ? new URL(full) : undefined;
  if (proxy && /^https?:$/.test(proxy.protocol)) return proxy;
  throw new UsageError('URL_INVALID', `Cannot use "${withoutSecrets(text)}" as a proxy: it is no HTTP proxy`, {
    hint: 'Give one as http://host:port in http.proxy or HTTPS_PROXY, or none with: bankai config http.proxy "".',
  });
}

/** Whether a host, a domain above it, or everything, is among those without proxy. This machine always is. */
function isExempt({ hostname, port, protocol }: URL, list: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isLoopback(hostname)) return true;
  const ownPort = port || (protocol === 'https:' ? '443' : '80');
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const [, text, only] = /^\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    const wanted = (text ?? '').replace(/^\[|\]$/g, '');
    return wanted !== '' && (only ?? ownPort) === ownPort && (name === wanted || name.endsWith(`.${wanted}`));
  });
}

/** Who we are to a proxy, when its address says so. */
export function proxyHeaders({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const person = `${decoded(username)}:${decoded(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(person).toString('base64')}` };
}

/** Where a proxy is asked, for Node's requests. */
export const proxyHost = ({ hostname, port, protocol }: URL) => ({
  host: hostname.replace(/^\[|\]$/g, ''),
  port: port || (protocol === 'https:' ? 443 : 80),
});

export interface TunnelOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly userAgent?: string | undefined;
}

/** Opens a tunnel to a host. Throws REMOTE_DENIED, REMOTE_FAILED when the proxy refuses, and what Node does. */
export async function openTunnel(
  proxy: URL,
  url: URL,
  { signal, timeoutMs, userAgent }: TunnelOptions,
): Promise<Socket> {
  const target = `${url.hostname}:${url.port || 443}`;
  const start = proxy.protocol === 'https:' ? (await import('node:https')).request : requestPlain;
  return new Promise((resolve, reject) => {
    const headers = { host: target, ...(userAgent && { 'user-agent': userAgent }), ...proxyHeaders(proxy) };
    const asked = start({
      ...{ ...proxyHost(proxy), method: 'CONNECT', path: target, headers, agent: false },
      ...(signal && { signal }),
    });
    asked.setTimeout(timeoutMs, () => asked.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })));
    asked.on('error', reject);
    asked.on('response', (answer) => {
      answer.destroy();
      reject(proxyRefused(proxy, answer.statusCode ?? 0));
    });
    asked.on('connect', (answer, socket) => {
      asked.setTimeout(0);
      if (answer.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(proxyRefused(proxy, answer.statusCode ?? 0));
    });
    asked.end();
  });
}

/** The error for a proxy that does not let us through. */
export function proxyRefused(proxy: URL, status: number): RemoteError {
  const name = proxy.host;
  if (status === 407) {
    return new RemoteError('REMOTE_DENIED', `The proxy ${name} wants to know who you are (407)`, {
      hint: 'Put a name and a password into its address: http://name:password@host:port.',
      data: { status },
    });
  }
  return new RemoteError('REMOTE_FAILED', `The proxy ${name} answered with status ${status}`, {
    hint: 'Nothing was changed. Check http.proxy and HTTPS_PROXY; NO_PROXY names hosts that are reached without one.',
    data: { status },
  });
}
