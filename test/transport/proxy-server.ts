/** An HTTP proxy on this machine that knows where the hosts of a test are, and notes what it is asked. */
import { once } from 'node:events';
import { createServer, request as requestPlain } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export interface TestProxy {
  readonly url: string;
  /** `CONNECT example.org:443`, `GET http://example.org/a.git/info/refs`. */
  readonly asked: string[];
  /** Wanted of everybody: name and password. */
  person?: string;
  close(): Promise<void>;
}

/** Starts a proxy to ports of this machine, by host. */
export async function startProxy(ports: Readonly<Record<string, number>>): Promise<TestProxy> {
  const asked: string[] = [];
  const tunnels = new Set<{ destroy(): unknown }>();
  const isKnown = (authorization: string | undefined): boolean =>
    proxy.person === undefined || authorization === `Basic ${Buffer.from(proxy.person).toString('base64')}`;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '');
    asked.push(`${request.method} ${url.origin}${url.pathname}`);
    if (!isKnown(request.headers['proxy-authorization'])) return void response.writeHead(407).end();
    const { method, headers } = request;
    const port = ports[url.host];
    const onward = requestPlain({ port, method, path: url.pathname + url.search, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    tunnels.add(socket);
    socket.on('error', () => undefined);
    if (!isKnown(request.headers['proxy-authorization'])) return void socket.end('HTTP/1.1 407 Who are you?\r\n\r\n');
    const port = ports[(request.url ?? '').replace(/:443$/, '')];
    if (port === undefined) return void socket.end('HTTP/1.1 502 Nobody of that name\r\n\r\n');
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: TestProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections();
      for (const tunnel of tunnels) tunnel.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
