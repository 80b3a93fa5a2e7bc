/** A git host on this machine: Node's HTTP in front of the real `git http-backend`, which can be told to lie. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { runGit } from '../repo/run-git.js';

/** What a host does besides serving. */
export interface HostBehaviour {
  /** Wanted as the password of everybody; without it everybody may do everything. */
  token?: string;
  /** Changes what the backend answers to a fetch. */
  tamper?: (answer: Buffer) => Buffer;
  /** Answers by itself: true when it did. */
  intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** A request, and what else was said with it. */
export interface GitRequest {
  readonly line: string;
  readonly authorized: boolean;
}

export interface GitHost {
  /** Address of a repository on it. */
  url(name: string): string;
  /** Where its repositories are. */
  readonly directory: string;
  readonly behaviour: HostBehaviour;
  /** What was asked of it: `GET /a.git/info/refs`, and whether somebody said who they are. */
  readonly requests: GitRequest[];
  readonly port: number;
  /** Makes an empty bare repository that checks whatever comes in. */
  create(name: string): string;
  close(): Promise<void>;
}

/** Starts a host of the repositories in a directory; with a certificate (PEM) it speaks TLS. */
export async function startGitHost(
  directory: string,
  certificate?: { readonly cert: string; readonly key: string },
): Promise<GitHost> {
  const behaviour: HostBehaviour = {};
  const requests: GitRequest[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = new URL(request.url ?? '/', 'http://host').pathname;
    const { authorization } = request.headers;
    requests.push({ line: `${request.method} ${path}`, authorized: authorization !== undefined });
    if (behaviour.intercept?.(request, response) === true) return;
    if (behaviour.token !== undefined && passwordIn(authorization) !== behaviour.token) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('who are you?');
      return;
    }
    runBackend(directory, request, response, behaviour).catch((error: unknown) => response.destroy(error as Error));
  };
  const server = certificate ? createSecureServer(certificate, answer) : createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (name) => `${certificate ? 'https' : 'http'}://127.0.0.1:${port}/${name}`,
    port,
    directory,
    behaviour,
    requests,
    create(name) {
      const path = join(directory, name);
      runGit(directory, 'init', '--quiet', '--bare', '--template=', '--initial-branch=main', path);
      for (const setting of ['receive.fsckObjects', 'transfer.fsckObjects', 'http.receivepack']) {
        runGit(path, 'config', setting, 'true');
      }
      return path;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const passwordIn = (authorization = ''): string | undefined =>
  Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':')[1];

/** Runs `git http-backend` as a CGI program (RFC 3875). */
async function runBackend(
  directory: string,
  request: IncomingMessage,
  response: ServerResponse,
  { tamper }: HostBehaviour,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://host');
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_PROJECT_ROOT: directory,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      ...(request.headers['content-length'] !== undefined && { CONTENT_LENGTH: request.headers['content-length'] }),
      REMOTE_USER: 'somebody',
      REMOTE_ADDR: '127.0.0.1',
    },
  });
  backend.stdin.on('error', () => undefined);
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(backend, 'close');
  const output = Buffer.concat(chunks);
  const end = output.indexOf('\r\n\r\n');
  const headers = new Map(
    output
      .toString('latin1', 0, end)
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  const status = Number.parseInt(headers.get('status') ?? '200');
  headers.delete('status');
  const body = output.subarray(end + 4);
  const answer = tamper && url.pathname.endsWith('/git-upload-pack') ? tamper(body) : body;
  response.writeHead(status, Object.fromEntries(headers)).end(answer);
}
