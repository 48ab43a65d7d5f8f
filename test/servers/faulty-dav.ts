/** A small WebDAV server over TLS that keeps its files in memory, and misbehaves as it is told. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { gzipSync } from 'node:zlib';
import { listen } from './loopback';
import type { Certificates } from './tls';

export type Fault =
  /** Answers so, and does nothing. */
  | { kind: 'status'; status: number; headers?: Readonly<Record<string, string>>; body?: string }
  /** Breaks the connection off: before the request's body has come, after it was obeyed, or in the middle of the answer. */
  | { kind: 'cut'; when: 'before' | 'after' | 'within' }
  /** Answers a GET with the first half, as if it were all. */
  | { kind: 'part' }
  /** Obeys, and says this tag, or none. */
  | { kind: 'tag'; tag: string | null }
  /** Answers a GET with what never ends, or with what is packed small and large when unpacked. */
  | { kind: 'endless' }
  | { kind: 'inflated' };

export interface FaultyDav {
  /** `https://localhost:PORT/`, a folder that is there. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Texts by path; a folder's path ends with `/`. */
  readonly files: Map<string, string>;
  /** Method and path of each request, oldest first. */
  readonly asked: string[];
  /** How requests are answered from now on; `undefined`: as they should be. */
  misbehave(fault: ((method: string, path: string) => Fault | undefined) | undefined): void;
  stop(): Promise<void>;
}

const user = 'someone';
const password = 'pässword';
const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  request.setEncoding('utf8');
  for await (const part of request) text += part;
  return text;
}

export async function startFaultyDav(tls: Pick<Certificates, 'key' | 'cert'>): Promise<FaultyDav> {
  const files = new Map<string, string>();
  const tags = new Map<string, string>();
  const asked: string[] = [];
  let writes = 0;
  let faultOf: Parameters<FaultyDav['misbehave']>[0];

  const obey = (
    method: string,
    path: string,
    ifMatch: string | undefined,
    body: string,
  ): { status: number; text?: string } => {
    const parent = path.replace(/[^/]+\/?$/, '');
    const there = files.has(path);
    switch (method) {
      case 'PROPFIND':
        return there ? { status: 207, text: '<?xml version="1.0"?><multistatus xmlns="DAV:"/>' } : { status: 404 };
      case 'MKCOL':
        if (there || !files.has(parent)) return { status: there ? 405 : 409 };
        files.set(path, '');
        return { status: 201 };
      case 'GET':
        return there ? { status: 200, text: files.get(path) ?? '' } : { status: 404 };
      case 'PUT':
        if (!files.has(parent)) return { status: 409 };
        if (ifMatch !== undefined && ifMatch !== tags.get(path)) return { status: 412 };
        files.set(path, body);
        writes += 1;
        tags.set(path, `"${writes}"`);
        return { status: there ? 204 : 201 };
      case 'DELETE':
        return { status: files.delete(path) ? 204 : 404 };
      default:
        return { status: 501 };
    }
  };

  const cutWithin = (response: ServerResponse, text: string): void => {
    response.writeHead(200, { 'content-length': text.length + 100 });
    response.write(text.slice(0, text.length / 2), () => response.destroy());
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers } = request;
    asked.push(`${method} ${path}`);
    const fault = faultOf?.(method, path);
    if (fault?.kind === 'cut' && fault.when === 'before') {
      request.socket.destroy();
      return;
    }
    const body = await bodyOf(request);
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    }
    if (headers.authorization !== authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="dav"' }).end();
      return;
    }
    const { status, text = '' } = obey(method, path, headers['if-match'], body);
    if (fault?.kind === 'cut') {
      if (fault.when === 'within') cutWithin(response, text);
      else response.destroy();
    } else if (fault?.kind === 'endless') {
      response.writeHead(200);
      const more = (): unknown => response.destroyed || response.write('x'.repeat(100_000), more);
      more();
    } else if (fault?.kind === 'inflated') {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000, 'x')));
    } else if (fault?.kind === 'part') {
      response.writeHead(status).end(text.slice(0, text.length / 2));
    } else {
      const tag = fault?.kind === 'tag' ? fault.tag : (tags.get(path) ?? null);
      response.writeHead(status, tag === null ? {} : { etag: tag }).end(status === 204 ? undefined : text);
    }
  };

  const server = createServer({ key: tls.key, cert: tls.cert }, (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const { port, stop } = await listen(server);
  files.set('/', '');
  return {
    url: `https://localhost:${port}/`,
    user,
    password,
    files,
    asked,
    misbehave: (fault) => {
      faultOf = fault;
    },
    stop,
  };
}
