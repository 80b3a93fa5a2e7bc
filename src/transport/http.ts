/**
 * Owns a conversation over HTTP: who we are only when asked, and redirects as git follows them. isomorphic-git has an HTTP
 * client too, but it can neither be stopped nor times out.
 */
import { type HttpSettings, plainHttp, settingsBeyond } from './configured.js';
import type { ConnectionOptions } from './connection.js';
import type { Credential } from './credentials.js';
import { bodyOf, exchange, type HttpRequest } from './http-exchange.js';
import { denied, notFollowed, refused } from './http-failure.js';
import { bare } from './http-way.js';
import { decoded } from './url.js';

export interface HttpAnswer {
  /** Where it came from in the end. */
  readonly url: URL;
  readonly type: string;
  readonly body: AsyncIterable<Uint8Array>;
}

/** One conversation with a server: what it wanted to know once it is told in every further request. */
export interface HttpClient {
  /** Throws REMOTE_UNREACHABLE, REMOTE_UNTRUSTED, REMOTE_DENIED, REMOTE_NOT_FOUND, REMOTE_FAILED, AbortError. */
  send(request: HttpRequest): Promise<HttpAnswer>;
}

const REDIRECTS = 5;

/**
 * Begins a conversation. `asked` is where a person wanted to go: where that leads is told nothing that was meant for it.
 * `configured` says how to talk with each address on the way.
 */
export function createHttpClient(
  asked: URL,
  options: ConnectionOptions,
  configured: (url: URL) => HttpSettings = () => plainHttp,
): HttpClient {
  let known: { readonly origin: string; readonly credential: Credential } | undefined;
  const authorizationFor = (url: URL): Record<string, string> => {
    if (known?.origin !== url.origin) return {};
    const { username, password } = known.credential;
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  };
  return {
    async send(request) {
      let { url } = request;
      for (let redirects = 0; ;) {
        const settings = settingsBeyond(asked, url, configured(url));
        const extra = { ...settings.headers, ...authorizationFor(url) };
        const answer = await exchange({ ...request, url }, extra, options, settings);
        const { statusCode: status = 0, headers } = answer;
        if (status >= 200 && status < 300) {
          if (known?.origin === url.origin) await options.credentials.judge(known.credential, true);
          return {
            url: bare(url),
            type: headers['content-type'] ?? '',
            body: bodyOf(answer, url, request.byteLimit, options, settings),
          };
        }
        answer.resume();
        if (status === 401) {
          const tried = known?.origin === url.origin ? known.credential : undefined;
          if (tried) await options.credentials.judge(tried, false);
          const credential = tried ? undefined : await credentialFor(url, asked, options);
          if (!credential) throw denied(url, status, tried !== undefined);
          known = { origin: url.origin, credential };
          continue;
        }
        const target = status >= 300 && status < 400 ? headers.location : undefined;
        if (target === undefined || request.body || redirects++ >= REDIRECTS)
          throw refused(url, status, known !== undefined);
        url = follow(url, target);
      }
    },
  };
}

/** What an address says by itself comes before what others know. */
async function credentialFor(
  url: URL,
  asked: URL,
  { credentials }: ConnectionOptions,
): Promise<Credential | undefined> {
  if (url.password !== '') return { username: decoded(url.username), password: decoded(url.password) };
  return credentials.find(url, asked);
}

/**
 * Where a redirect leads: never from TLS to plain text, and to HTTP alone. Who we are comes along only on the same host and
 * port. Throws REMOTE_FAILED.
 */
export function follow(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (!to || (to.protocol !== from.protocol && to.protocol !== 'https:')) throw notFollowed(from, to);
  if (to.origin === from.origin) [to.username, to.password] = [from.username, from.password];
  return to;
}
