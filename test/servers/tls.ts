/** Throw-away certificates, and the HTTPS server that the receivers of reports stand on. */
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen } from './loopback';

// --------------------------------------------------------------------------------------------------------- certificates

export interface Certificates {
  /** The certificate of the authority that signed `cert`, and a file with it. */
  readonly caPem: string;
  readonly caFile: string;
  readonly key: string;
  readonly cert: string;
  /** Removes the files; what was read stays usable. */
  dispose(): void;
}

const keepDays = '2';

function openssl(folder: string, ...args: string[]): void {
  try {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: Buffer };
    if (code === 'ENOENT') throw new Error('test servers with TLS need the `openssl` command; install OpenSSL');
    throw new Error(`openssl ${args[0]} failed: ${stderr?.toString() ?? ''}`, { cause: error });
  }
}

/** @param names host names and IP addresses that the server's certificate is for. */
export function makeCertificates(names: readonly string[]): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'cloudopt-tls-'));
  const dispose = () => rmSync(folder, { recursive: true, force: true });
  try {
    const alternatives = names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',');
    // A configuration of its own: that of the machine may add what a browser refuses.
    const config = `[req]
distinguished_name = subject
prompt = no
[subject]
CN = Cloudopt test
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = ${alternatives}
`;
    writeFileSync(join(folder, 'config'), config);
    const request = ['req', '-config', 'config', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const authority = ['-subj', '/CN=Cloudopt test authority', '-extensions', 'authority', '-days', keepDays];
    openssl(folder, ...request, '-x509', ...authority, '-keyout', 'ca.key', '-out', 'ca.pem');
    openssl(folder, ...request, '-subj', '/CN=Cloudopt test server', '-keyout', 'server.key', '-out', 'server.csr');
    const sign = ['x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl(folder, ...sign, '-days', keepDays, '-extfile', 'config', '-extensions', 'server', '-out', 'server.pem');
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    return {
      caPem: read('ca.pem'),
      caFile: join(folder, 'ca.pem'),
      key: read('server.key'),
      cert: read('server.pem'),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** SHA-256 (base64) of a certificate's public key: for Chromium's `--ignore-certificate-errors-spki-list`. */
export function spkiSha256(cert: string): string {
  const key = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

// ------------------------------------------------------------------------------------------------------------ receivers

export interface Arrived {
  readonly atMs: number;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Received<T> extends Arrived {
  /** What the body says. */
  readonly report: T;
  /** When all of the body had come. */
  readonly wholeMs: number;
  /** `cut-off`: the sender went away before the answer. Changes as it happens. */
  readonly answer: 'pending' | 'sent' | 'cut-off';
}

export interface Rejected extends Arrived {
  readonly why: string;
}

/** How the next valid requests are answered. A request that isn't valid is refused in any case. */
export type Answer =
  | { readonly kind: 'ok'; readonly delayMs?: number }
  /** 429; `retryAfter`: seconds or an HTTP date. */
  | { readonly kind: 'too-many'; readonly retryAfter?: string; readonly delayMs?: number }
  /** 500 */
  | { readonly kind: 'failure'; readonly delayMs?: number }
  /** 307, which sends method and body on, unless another status is given. */
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: number; readonly delayMs?: number }
  /** Never answers. */
  | { readonly kind: 'hang' };

export interface Receiver<T> {
  readonly port: number;
  /** Oldest first; emptying the arrays is allowed. */
  readonly received: Received<T>[];
  readonly rejected: Rejected[];
  /** From the next request on, until it is told something else. */
  respond(answer: Answer): void;
  stop(): Promise<void>;
}

export interface ReceiverOptions {
  readonly tls: Pick<Certificates, 'key' | 'cert'>;
  /** Takes requests whose headers hold the extension's UUID too; Firefox sends it as `Origin` unless kept from it. */
  readonly toleratesUuid?: boolean;
}

export type Judged<T> = { kind: 'valid'; report: T } | { kind: 'invalid'; why: string };

export interface Protocol<T> {
  /** Of a POST; the media type is compared without its parameters. */
  readonly type: string;
  readonly path: RegExp;
  judge(arrived: Arrived): Judged<T>;
  /** Bodies of answers, JSON in both protocols. */
  accepted(report: T): object;
  refused(why: string): object;
}

const bodyBytesMax = 1024 * 1024;

/** What stands in the way before the body is looked at. */
function objection(
  { method, path, headers, body }: Arrived,
  protocol: Pick<Protocol<unknown>, 'type' | 'path'>,
  toleratesUuid: boolean,
): string {
  if (method === 'OPTIONS') return 'a preflight: the sender lacks the permission for this host';
  if (method !== 'POST') return `method ${method}`;
  if (!protocol.path.test(path)) return `path ${path}`;
  const [type, ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(/\s*;\s*/);
  if (type !== protocol.type) return `content type ${type}`;
  if (parameters.some((parameter) => parameter !== 'charset=utf-8')) return `content type with ${parameters.join(';')}`;
  if (headers['content-encoding'] !== undefined) return `content encoding ${headers['content-encoding']}`;
  const unwanted = ['cookie', 'authorization', 'referer'].find((name) => headers[name] !== undefined);
  if (unwanted !== undefined) return `header ${unwanted}`;
  const uuid = Object.entries(headers).find(([, value]) => /moz-extension:/i.test(String(value)));
  if (uuid && !toleratesUuid) return `header ${uuid[0]} holds the extension's UUID`;
  if (body.length > bodyBytesMax) return 'body too long';
  return '';
}

/** Reads all of a body, but keeps no more than one byte too many of it. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    if (bytes <= bodyBytesMax) parts.push(part.subarray(0, bodyBytesMax + 1 - bytes));
    bytes += part.length;
  }
  return Buffer.concat(parts);
}

/** The text of a body that is UTF-8, else `undefined`. */
export function textOf(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** What a text says that is JSON, else `undefined`, which JSON can't say. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Starts a receiver on a free port of 127.0.0.1. */
export async function receive<T>(protocol: Protocol<T>, options: ReceiverOptions): Promise<Receiver<T>> {
  const received: Received<T>[] = [];
  const rejected: Rejected[] = [];
  const waits = new Set<NodeJS.Timeout>();
  let told: Answer = { kind: 'ok' };

  const answerWith = (response: ServerResponse, status: number, body: object, more: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...more });
    response.end(JSON.stringify(body));
  };

  const obey = (answer: Answer, report: T, response: ServerResponse): void => {
    switch (answer.kind) {
      case 'ok':
        answerWith(response, 200, protocol.accepted(report));
        return;
      case 'too-many': {
        const more = answer.retryAfter === undefined ? {} : { 'retry-after': answer.retryAfter };
        answerWith(response, 429, protocol.refused('too many requests'), more);
        return;
      }
      case 'failure':
        answerWith(response, 500, protocol.refused('told to fail'));
        return;
      case 'redirect':
        response.writeHead(answer.status ?? 307, { location: answer.to }).end();
        return;
      case 'hang':
        return;
    }
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers } = request;
    const start = { atMs: Date.now(), method, path, headers };
    const reject = (body: Buffer, why: string): void => {
      rejected.push({ ...start, body, why });
      if (method === 'OPTIONS') response.writeHead(204).end();
      else answerWith(response, body.length > bodyBytesMax ? 413 : 400, protocol.refused(why));
    };
    let body: Buffer;
    try {
      body = await bodyOf(request);
    } catch {
      reject(Buffer.alloc(0), 'the sender went away before the body had come');
      return;
    }
    const wholeMs = Date.now();
    const arrived = { ...start, body };
    const why = objection(arrived, protocol, options.toleratesUuid ?? false);
    if (why !== '') {
      reject(body, why);
      return;
    }
    const judged = protocol.judge(arrived);
    if (judged.kind === 'invalid') {
      reject(body, judged.why);
      return;
    }
    const entry = { ...arrived, report: judged.report, wholeMs, answer: 'pending' as Received<T>['answer'] };
    received.push(entry);
    response.once('close', () => {
      entry.answer = response.writableFinished ? 'sent' : 'cut-off';
    });
    const answer = told;
    const delayMs = 'delayMs' in answer ? (answer.delayMs ?? 0) : 0;
    if (delayMs === 0) {
      obey(answer, judged.report, response);
      return;
    }
    const wait = setTimeout(() => {
      waits.delete(wait);
      if (!response.destroyed) obey(answer, judged.report, response);
    }, delayMs);
    waits.add(wait);
  };

  const { key, cert } = options.tls;
  const server = createServer({ key, cert }, (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const listening = await listen(server);
  return {
    port: listening.port,
    received,
    rejected,
    respond: (answer) => {
      told = answer;
    },
    stop: () => {
      for (const wait of waits) clearTimeout(wait);
      return listening.stop();
    },
  };
}
