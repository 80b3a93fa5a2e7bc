/** Owns `bankai registry serve`: a small read-only web host of a registry, with pages for people. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { isName, isNamespace, newestFirst } from '../registry/names.js';
import { openRegistryDirectory } from '../registry/registry-directory.js';
import { answerFile, answerText, safeHeaders } from '../registry/static-files.js';
import { rootDigest } from './registry.js';
import { indexesOf, layerCounter, searched, versionPage } from './registry-pages.js';

/** What every page says of the registry it is about. */
export interface PageFrame {
  readonly title: string;
  readonly url: string;
  readonly root: string;
}

/** The data of the catalogue. */
export type CataloguePage = PageFrame & Awaited<ReturnType<typeof searched>>;

/** The data of the page of one version. */
export type PatchPage = PageFrame & Awaited<ReturnType<typeof versionPage>>;

/** What draws pages: HTML documents, and the style sheets that are allowed in them. */
export interface Pages {
  catalogue(data: CataloguePage): string;
  patch(data: PatchPage): string;
  readonly styles: readonly string[];
}

export interface ServeRequest {
  readonly directory: string;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** How others reach it, where that is not the host and the port. */
  readonly url?: string;
  readonly pages: Pages;
}

/** A server that is up. */
export interface Serving {
  readonly url: string;
  /** Where it listens: the same, unless another address was given. */
  readonly address: string;
  readonly root: string;
  close(): Promise<void>;
}

/** Serves a registry. Throws REGISTRY_UNKNOWN, REGISTRY_INVALID, and what the operating system says of the port. */
export async function serveRegistry({ directory, host, port, url, pages }: ServeRequest): Promise<Serving> {
  const path = resolve(directory);
  await openRegistryDirectory(path);
  const root = await rootDigest(path);
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 });
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, host, done));
  const address = server.address() as { port: number };
  const frame = {
    title: `Patches of ${(url ?? `${host}:${address.port}`).replace(/^https?:\/\/|\/$/g, '')}`,
    url: url ?? `http://${host}:${address.port}/`,
    root,
  };
  const csp = policyOf(pages.styles);
  const catalogue = indexesOf(path);
  const layersOf = layerCounter(path);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else answerText(response, 500, 'The registry cannot be read at the moment.\n');
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isHead = request.method === 'HEAD';
    if (request.method !== 'GET' && !isHead) return answerText(response, 405, 'This server can only be read.\n');
    const target = URL.canParse(request.url ?? '', 'http://x') ? new URL(request.url ?? '', 'http://x') : undefined;
    const file = target?.pathname.slice(1) ?? '';
    if (target && (await answerFile(path, file, request, response))) return;
    const page = target && (await pageAt(file, target.searchParams));
    if (page === undefined) return answerText(response, 404, 'There is no such page.\n', isHead);
    const etag = `"${createHash('sha256').update(page).digest('base64url')}"`;
    const headers = {
      ...safeHeaders,
      'content-security-policy': csp,
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      etag,
    };
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, headers).end();
    response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(page) });
    response.end(isHead ? undefined : page);
  }

  async function pageAt(file: string, parameters: URLSearchParams): Promise<string | undefined> {
    const indexes = await catalogue();
    if (file === '') return pages.catalogue({ ...frame, ...(await searched(indexes, parameters, layersOf)) });
    const [namespace, name, version, ...rest] = file.split('/');
    if (rest.length > 0 || !isNamespace(namespace) || name === undefined || !isName(name)) return undefined;
    const versions = indexes.find((index) => index.namespace === namespace)?.packages.get(name);
    const chosen = version ?? newestFirst(versions?.keys() ?? [])[0];
    const entry = versions?.get(chosen);
    if (!versions || !entry) return undefined;
    return pages.patch({ ...frame, ...(await versionPage(path, `${namespace}/${name}`, chosen, versions, entry)) });
  }

  return { url: frame.url, address: `http://${host}:${address.port}/`, root, close: () => closed(server) };
}

/** Allows the style sheets of the pages, forms to this server, and nothing else. */
function policyOf(styles: readonly string[]): string {
  const hashes = styles.map((style) => `'sha256-${createHash('sha256').update(style).digest('base64')}'`);
  return `default-src 'none'; style-src ${hashes.join(' ')}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}
