/** An HTTP proxy that writes down whom a browser talks to, and lets it talk to test hosts only. */
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Seen {
  readonly atMs: number;
  /** `CONNECT` for tunnels, else the request's own method. */
  readonly method: string;
  readonly host: string;
  readonly port: number;
  /** Path and query; '' for tunnels, whose inside can't be seen. */
  readonly path: string;
  /** False when it was answered with 502. */
  readonly forwarded: boolean;
}

export interface RecordingProxy {
  readonly port: number;
  /** Everything that was asked for, oldest first; emptying the array is allowed. */
  readonly seen: Seen[];
  stop(): Promise<void>;
}

/** Only such names are let through, all to 127.0.0.1; loopback by number or as `localhost` too. */
function known(host: string): boolean {
  return /\.(test|example)$/i.test(host) || host === '127.0.0.1' || host === 'localhost';
}

/** Starts the proxy on a free port of 127.0.0.1. */
export async function start(): Promise<RecordingProxy> {
  const seen: Seen[] = [];
  const sockets = new Set<Duplex>();
  const hold = (socket: Duplex): void => {
    // Kept-alive sockets carry many requests.
    if (sockets.has(socket)) return;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A browser drops connections at will; that is no failure of a test.
    socket.on('error', () => socket.destroy());
  };

  const plain = (request: IncomingMessage, response: ServerResponse): void => {
    const asked = request.url ?? '';
    if (!URL.canParse(asked) || !asked.startsWith('http:')) {
      response.writeHead(400).end();
      return;
    }
    const url = new URL(asked);
    const { hostname: host } = url;
    const port = Number(url.port || 80);
    const path = `${url.pathname}${url.search}`;
    const forwarded = known(host);
    seen.push({ atMs: Date.now(), method: request.method ?? '', host, port, path, forwarded });
    if (!forwarded) {
      response.writeHead(502, { 'content-type': 'text/plain' }).end('not a test host\n');
      return;
    }
    const { 'proxy-connection': _dropped, ...headers } = request.headers;
    const onward = forward(
      { host: '127.0.0.1', port, method: request.method, path, headers, setHost: false },
      (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(response);
        reply.once('error', () => response.destroy());
      },
    );
    onward.once('socket', hold);
    onward.once('error', () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
    request.pipe(onward);
  };

  const tunnel = (request: IncomingMessage, client: Duplex, head: Buffer): void => {
    hold(client);
    const match = /^\[?([^\]]+?)\]?:(\d+)$/.exec(request.url ?? '');
    const host = match?.[1] ?? '';
    const port = Number(match?.[2] ?? 0);
    const forwarded = known(host);
    seen.push({ atMs: Date.now(), method: 'CONNECT', host, port, path: '', forwarded });
    if (!forwarded) {
      client.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return;
    }
    const onward = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.write(head);
      onward.pipe(client);
      client.pipe(onward);
    });
    hold(onward);
    onward.once('error', () => client.destroy());
    client.once('close', () => onward.destroy());
  };

  const server = createServer(plain);
  server.on('connect', tunnel);
  server.on('connection', (socket: Socket) => hold(socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
