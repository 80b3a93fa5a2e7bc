/**
 * Owns requests over HTTP: who we are only when asked, redirects as git follows them, a remote that falls silent, and one
 * error of ours for each way in which a request can fail. isomorphic-git has an HTTP client too, but it can neither be
 * stopped nor times out.
 */
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RemoteError } from '../errors.js';
import type { ConnectionOptions } from './connection.js';
import type { Credential } from './credentials.js';
import { withoutSecrets } from './url.js';

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

export interface HttpAnswer {
  /** Where it came from in the end. */
  readonly url: URL;
  readonly type: string;
  readonly body: AsyncIterable<Uint8Array>;
}

/** One conversation with a server: what it wanted to know once it is told in every further request. */
export interface HttpClient {
  /** Throws REMOTE_UNREACHABLE, REMOTE_DENIED, REMOTE_NOT_FOUND, REMOTE_FAILED, AbortError. */
  send(request: HttpRequest): Promise<HttpAnswer>;
}

const REDIRECTS = 5;

/** Begins a conversation. `asked` is where a person wanted to go: where that leads is told nothing that was meant for it. */
export function createHttpClient(asked: URL, options: ConnectionOptions): HttpClient {
  let known: { readonly origin: string; readonly credential: Credential } | undefined;
  const headersFor = (url: URL): Record<string, string> => {
    if (known?.origin !== url.origin) return {};
    const { username, password } = known.credential;
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  };
  return {
    async send(request) {
      let { url } = request;
      for (let redirects = 0; ;) {
        const answer = await exchange({ ...request, url }, headersFor(url), options);
        const { statusCode: status = 0, headers } = answer;
        if (status >= 200 && status < 300) {
          if (known?.origin === url.origin) await options.credentials.judge(known.credential, true);
          return {
            url: bare(url),
            type: headers['content-type'] ?? '',
            body: bodyOf(answer, url, request.byteLimit, options),
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
  if (url.password !== '') {
    return { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  }
  return credentials.find(url, asked);
}

function exchange(
  { url, accept, body }: HttpRequest,
  authorization: Record<string, string>,
  { signal, timeoutMs, version }: ConnectionOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept,
      'user-agent': `git/bankai-${version}`,
      ...authorization,
      ...(body && { 'content-type': body.type, 'content-length': String(body.length) }),
    };
    const start = url.protocol === 'https:' ? requestSecure : requestPlain;
    const outgoing = start(
      bare(url).href,
      { method: body ? 'POST' : 'GET', headers, ...(signal && { signal }) },
      resolve,
    );
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(silent(url, timeoutMs)));
    outgoing.on('error', (error) => reject(unreachable(url, error, signal)));
    if (!body) outgoing.end();
    // A server that answers before it has read everything closes the connection: its answer counts.
    else pipeline(body.open(), outgoing).catch(() => undefined);
  });
}

async function* bodyOf(
  answer: IncomingMessage,
  url: URL,
  byteLimit: number,
  { signal, timeoutMs }: ConnectionOptions,
): AsyncGenerator<Uint8Array> {
  answer.setTimeout(timeoutMs, () => answer.destroy(silent(url, timeoutMs)));
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > byteLimit) throw endless(url, byteLimit);
      yield chunk;
    }
  } catch (error) {
    throw unreachable(url, error as Error, signal);
  }
}

/**
 * Where a redirect leads: never from TLS to plain text, and to HTTP alone. Who we are comes along only on the same host and
 * port. Throws REMOTE_FAILED.
 */
export function follow(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (to && (to.protocol === from.protocol || to.protocol === 'https:')) {
    if (to.origin === from.origin) [to.username, to.password] = [from.username, from.password];
    return to;
  }
  throw new RemoteError(
    'REMOTE_FAILED',
    `${shown(from)} leads to ${to ? shown(to) : 'nowhere'}, which is not followed`,
    {
      hint: 'Use the address that it has now, if you trust it.',
    },
  );
}

/** An address as it is requested: who we are goes into a header, or nowhere. */
function bare(url: URL): URL {
  const plain = new URL(url);
  [plain.username, plain.password] = ['', ''];
  return plain;
}

const shown = (url: URL): string => withoutSecrets(url.href);

function silent(url: URL, timeoutMs: number): RemoteError {
  return new RemoteError('REMOTE_UNREACHABLE', `${url.host} has sent nothing for ${timeoutMs / 1000} seconds`, {
    hint: 'Nothing was changed. Try again, or wait longer with --timeout.',
  });
}

function endless(url: URL, byteLimit: number): RemoteError {
  return new RemoteError(
    'REMOTE_FAILED',
    `${url.host} sends more than the ${byteLimit} bytes that an answer may have`,
    {
      hint: 'Nothing was changed. Check the address, and tell whoever looks after the remote.',
    },
  );
}

const reasons: Readonly<Record<string, string | undefined>> = {
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'its name cannot be looked up now',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'the connection timed out',
  ENETUNREACH: 'there is no way to it',
  EHOSTUNREACH: 'there is no way to it',
};

function unreachable(url: URL, error: Error, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return Object.assign(new Error('Interrupted'), { name: 'AbortError' });
  if (error instanceof RemoteError) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  return new RemoteError('REMOTE_UNREACHABLE', `Cannot reach ${url.host}: ${reasons[code] ?? error.message}`, {
    hint: 'Nothing was changed. Check the network and the address, and try again.',
    data: { host: url.host, ...(code !== '' && { errno: code }) },
    cause: error,
  });
}

function denied(url: URL, status: number, tried: boolean): RemoteError {
  const fact = tried ? 'did not accept who you say you are' : 'wants to know who you are';
  return new RemoteError('REMOTE_DENIED', `${shown(url)} ${fact} (${status})`, {
    hint: "Put a token with the rights for it into BANKAI_TOKEN, or let git's credential helper know a password.",
    data: { status },
  });
}

function refused(url: URL, status: number, authorized: boolean): RemoteError {
  if (status === 403) return denied(url, status, authorized);
  if (status === 404 || status === 410) {
    return new RemoteError('REMOTE_NOT_FOUND', `There is no repository at ${shown(url)} (${status})`, {
      hint: 'Check the address. Many hosts also say so of a repository that you may not see: set BANKAI_TOKEN.',
      data: { status },
    });
  }
  return new RemoteError('REMOTE_FAILED', `${shown(url)} answered with status ${status}`, {
    hint: 'Nothing was changed. Try again later.',
    data: { status },
  });
}
