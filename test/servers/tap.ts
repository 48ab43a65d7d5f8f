/**
 * A way to a WebDAV server that writes down each request of one device, and can be cut or held up: HTTPS on both sides, so
 * that what is in the tunnels of a browser can be seen.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as ask, createServer } from 'node:https';
import type { DavServer } from './dav';
import { listen } from './loopback';
import type { Certificates } from './tls';

export interface Tapped {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  /** Of the body that came, and of the one that went back. They change as it happens. */
  bytesUp: number;
  bytesDown: number;
  /** `lost`: whoever asked went away, or was cut off, before all of the answer had gone. */
  state: 'waiting' | 'answered' | 'lost';
}

/** `through`: to the server. `cut`: no answer. `hold`: a PUT waits, and reaches the server once it is let through. */
export type Way = 'through' | 'cut' | 'hold';

export interface Tap {
  /** The server's address by this way. */
  readonly url: string;
  /** Oldest first; emptying the array is allowed. */
  readonly seen: Tapped[];
  let(way: Way): void;
  stop(): Promise<void>;
}

export async function tap(dav: DavServer, tls: Pick<Certificates, 'key' | 'cert' | 'caPem'>): Promise<Tap> {
  const seen: Tapped[] = [];
  let held: (() => void)[] = [];
  let way: Way = 'through';

  const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '' } = request;
    const one: Tapped = { atMs: Date.now(), method, path, bytesUp: 0, bytesDown: 0, state: 'waiting' };
    seen.push(one);
    response.once('close', () => {
      one.state = response.writableFinished ? 'answered' : 'lost';
    });
    if (way === 'cut') {
      response.destroy();
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) {
      one.bytesUp += part.length;
      parts.push(part);
    }
    if (way === 'hold' && method === 'PUT') await new Promise<void>((resolve) => held.push(resolve));
    if (response.destroyed) return;
    const options = {
      host: '127.0.0.1',
      servername: new URL(dav.url).hostname,
      port: dav.port,
      ca: tls.caPem,
      method,
      path,
    };
    await new Promise<void>((resolve, reject) => {
      const going = ask({ ...options, headers: request.headers, agent: false }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on('data', (part: Buffer) => {
          one.bytesDown += part.length;
        });
        answer.pipe(response);
        answer.once('end', resolve);
        answer.once('error', reject);
      });
      going.once('error', reject);
      going.end(Buffer.concat(parts));
    });
  };

  const server = createServer({ key: tls.key, cert: tls.cert }, (request, response) => {
    // A browser goes away at will; what it asked for is noted as lost.
    forward(request, response).catch(() => response.destroy());
  });
  const { port, stop } = await listen(server);
  return {
    url: `https://${new URL(dav.url).hostname}:${port}/`,
    seen,
    let(next) {
      way = next;
      if (way === 'hold') return;
      for (const go of held) go();
      held = [];
    },
    stop,
  };
}
