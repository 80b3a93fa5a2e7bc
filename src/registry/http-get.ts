/** Owns one GET over HTTP, with redirects. Node's `fetch` does that too, but to load it takes as long as to start Node. */
import { type IncomingMessage, request as requestPlain } from 'node:http';

/** Static hosts lead to where they store things; more often than this they lead in circles. */
const REDIRECTS = 5;

/** Asks for a file, from byte `from` on. → the answer, its body unread. Throws what Node does, AbortError among it. */
export async function get(url: string, from: number, signal: AbortSignal): Promise<IncomingMessage> {
  let at = new URL(url);
  for (let redirects = 0; ; redirects++) {
    const answer = await once(at, from, signal);
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

async function once(url: URL, from: number, signal: AbortSignal): Promise<IncomingMessage> {
  const headers = { 'accept-encoding': 'identity', ...(from > 0 && { range: `bytes=${from}-` }) };
  const start = url.protocol === 'https:' ? (await import('node:https')).request : requestPlain;
  const attempt = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      let answered = false;
      const outgoing = start(url, { headers, signal }, (answer) => {
        answered = true;
        resolve(answer);
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // The server closed a connection that was kept, just as it was used again: that says nothing about this request.
        const isStale = !answered && outgoing.reusedSocket && error.code === 'ECONNRESET';
        if (isStale) attempt().then(resolve, reject);
        else reject(error);
      });
      outgoing.end();
    });
  return attempt();
}
