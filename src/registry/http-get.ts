/** Owns one GET over HTTP, with redirects. Node's `fetch` does that too, but to load it takes as long as to start Node. */
import type { IncomingMessage } from 'node:http';
import { type HttpSettings, plainHttp, settingsBeyond } from '../transport/configured.js';
import { sendTo } from '../transport/http-way.js';

/** Static hosts lead to where they store things; more often than this they lead in circles. */
const REDIRECTS = 5;

/** How to talk HTTP with a host: the proxy, whom to believe, and what it is told. */
export type FindSettings = (url: URL) => Promise<HttpSettings>;

export interface GetOptions {
  readonly settings?: FindSettings | undefined;
  readonly signal: AbortSignal;
  /** Milliseconds that a proxy may think. */
  readonly timeoutMs: number;
}

/** Asks for a file, from byte `from` on. → the answer, its body unread. Throws as `sendTo` and `settings`. */
export async function get(url: string, from: number, options: GetOptions): Promise<IncomingMessage> {
  const asked = new URL(url);
  let at = asked;
  for (let redirects = 0; ; redirects++) {
    const answer = await once(asked, at, from, options);
    const { statusCode: status = 0, headers } = answer;
    const target = status >= 300 && status < 400 ? headers.location : undefined;
    if (target === undefined || redirects === REDIRECTS || !URL.canParse(target, at.href)) return answer;
    const next = new URL(target, at.href);
    // Never from TLS to plain text, and to HTTP alone: what is signed would hold, but others would see what is fetched.
    if (next.protocol !== at.protocol && next.protocol !== 'https:') return answer;
    answer.resume();
    at = next;
  }
}

async function once(asked: URL, at: URL, from: number, { settings, signal, timeoutMs }: GetOptions) {
  const how = settingsBeyond(asked, at, settings ? await settings(at) : plainHttp);
  const { userAgent } = how;
  const headers = {
    'accept-encoding': 'identity',
    ...(userAgent && { 'user-agent': userAgent }),
    ...how.headers,
    ...(from > 0 && { range: `bytes=${from}-` }),
  };
  const outgoing = { method: 'GET' as const, headers, begin: (request: { end(): void }) => request.end() };
  return sendTo(at, outgoing, how, { signal, timeoutMs, userAgent });
}
