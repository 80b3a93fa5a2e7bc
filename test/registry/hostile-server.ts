/** A web host of a registry's files that can be told to lie. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';

/** Answers instead of the file. */
export type Lie = (request: IncomingMessage, response: ServerResponse, bytes: Buffer | undefined) => void;

export interface HostileServer {
  readonly url: string;
  /** The directory that is served: may be replaced by another one. */
  directory: string;
  /** By path, as in `metadata/timestamp.json`. */
  readonly lies: Map<string, Lie>;
  /** Every path that was asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

const open = new Set<HostileServer>();

afterEach(async () => {
  for (const server of open) await server.close();
});

/** Serves a directory until the test ends. */
export async function serveHostile(directory: string): Promise<HostileServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').slice(1);
    hostile.asked.push(path);
    let bytes: Buffer | undefined;
    try {
      bytes = readFileSync(join(hostile.directory, path));
    } catch {
      bytes = undefined;
    }
    const lie = hostile.lies.get(path);
    if (lie) return lie(request, response, bytes);
    if (!bytes) return void response.writeHead(404).end();
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from > 0) response.writeHead(206, { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` });
    response.end(bytes.subarray(from));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const hostile: HostileServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    directory,
    lies: new Map(),
    asked: [],
    close: () => {
      open.delete(hostile);
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  open.add(hostile);
  return hostile;
}

/** Sends bytes for ever. */
export const endless: Lie = (_, response) => {
  const more = (): void => {
    while (response.write(Buffer.alloc(65_536, 0x20))) if (response.destroyed) return;
  };
  response.on('drain', more);
  more();
};

/** Sends one byte now and then. */
export const dripping: Lie = (_, response, bytes) => {
  let at = 0;
  const timer = setInterval(() => response.write(bytes?.subarray(at, ++at) ?? ' '), 5);
  response.on('close', () => clearInterval(timer));
};

/** Sends the first bytes and hangs up, as soon as they have arrived by what the receiver shows of it. */
export const hangingUpAfter =
  (count: number, arrived = (): boolean => true): Lie =>
  (_, response, bytes) => {
    response.writeHead(200, { 'content-length': String(bytes?.length ?? 0) });
    response.write(bytes?.subarray(0, count));
    const timer = setInterval(() => arrived() && response.destroy(), 20);
    response.on('close', () => clearInterval(timer));
  };
