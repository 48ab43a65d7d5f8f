/** A web site for the browser tests: one loopback port that answers for every host name. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './loopback';

export interface WebRequest {
  readonly atMs: number;
  readonly method: string;
  /** Without the port. */
  readonly host: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WebServer {
  readonly port: number;
  /** `url('a.example', '/plain')` → `http://a.example:PORT/plain` */
  url(host: string, path?: string): string;
  /** Every request so far, oldest first; emptying the array is allowed. */
  readonly requests: WebRequest[];
  stop(): Promise<void>;
}

const bodyBytesMax = 1024 * 1024;
const perSecondMax = 500;
// One transparent pixel.
const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const html = (text: string): string => text.replace(/[&<>"]/g, (sign) => escapes[sign] ?? sign);

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${html(title)}</title>
<link rel="icon" href="data:,"></head><body><h1>${html(title)}</h1>${body}</body></html>`;
}

/** `?parties=a.test,b.example` → those hosts; anything that isn't a host name is left out. */
function parties(query: URLSearchParams): readonly string[] {
  return (query.get('parties') ?? '').split(',').filter((host) => /^[a-z0-9.-]+$/i.test(host));
}

/** A whole number of the query, between 0 and `max`; `usual` where it is missing or no number. */
function amount(query: URLSearchParams, name: string, usual: number, max: number): number {
  const number = Number.parseInt(query.get(name) ?? '', 10);
  return Number.isFinite(number) ? Math.min(Math.max(number, 0), max) : usual;
}

/**
 * Loads `each` scripts and as many images from each of the `parties`, with the document itself; in a frame of the host `frame`
 * the same from `inside`.
 */
function home(query: URLSearchParams, port: number): string {
  const each = amount(query, 'each', 1, 1000);
  const tags = parties(query).flatMap((host) =>
    Array.from({ length: each }, (_, index) => {
      const at = `http://${host}:${port}`;
      return `<script src="${at}/p.js?n=${index + 1}"></script><img alt="" src="${at}/p.gif?n=${index + 1}">`;
    }),
  );
  const frame = query.get('frame') ?? '';
  const inside = new URLSearchParams({ parties: query.get('inside') ?? '' });
  if (/^[a-z0-9.-]+$/i.test(frame))
    tags.push(`<iframe src="http://${frame}:${port}/?${html(String(inside))}"></iframe>`);
  return page('Site', tags.join('\n'));
}

/** Once loaded, keeps loading images from the `parties` in turn until it is left; `window.flooded` counts them. */
function flood(query: URLSearchParams, port: number): string {
  const perSecond = amount(query, 'perSecond', 20, perSecondMax);
  const script = `
const hosts = ${JSON.stringify(parties(query))};
window.flooded = 0;
const began = performance.now();
addEventListener('load', () => setInterval(() => {
  const due = Math.floor((performance.now() - began) / 1000 * ${perSecond});
  while (hosts.length > 0 && window.flooded < due) {
    const host = hosts[window.flooded % hosts.length];
    new Image().src = 'http://' + host + ':${port}/p.gif?flood=' + window.flooded++;
  }
}, 25));`;
  return page('Flood', `<script>${script}</script>`);
}

/** How long a page of a tour stays, in turn: from gone before anything is heard to long enough for a batch. */
const stayMs = [0, 20, 0, 60, 20, 120, 60, 350] as const;

/**
 * A page that goes on to the next one by itself once it is loaded, `left` times, ten on each of the hosts `through` in turn, each with an
 * image from each of the `parties`.
 */
function tour(query: URLSearchParams, port: number): string {
  const left = amount(query, 'left', 0, 1_000_000);
  const through = (query.get('through') ?? '').split(',').filter((host) => /^[a-z0-9.-]+$/i.test(host));
  const images = parties(query).map((host) => `<img alt="" src="http://${host}:${port}/p.gif?tour=${left}">`);
  const next = new URLSearchParams(query);
  next.set('left', String(left - 1));
  // Most visits are of the site that one is on, as people's are; another site may mean another process.
  const host = through[Math.floor(left / 10) % through.length];
  const to = `http://${host}:${port}/tour?${next}`;
  const script = `addEventListener('load', () => setTimeout(() => { location.href = ${JSON.stringify(to)}; }, ${stayMs[left % stayMs.length]}));`;
  return page('Tour', `${images.join('')}${left === 0 ? '' : `<script>${script}</script>`}`);
}

/** Leaves a cookie, a localStorage item and a database row; `<html data-stored="yes">` when all three are there. */
const storage = page(
  'Storage',
  `<script>
document.cookie = 'visited=yes; path=/; max-age=86400';
localStorage.setItem('visited', 'yes');
const open = indexedDB.open('site', 1);
open.onupgradeneeded = () => open.result.createObjectStore('visits');
open.onsuccess = () => {
  const write = open.result.transaction('visits', 'readwrite');
  write.objectStore('visits').put('yes', 'visited');
  write.oncomplete = () => { open.result.close(); document.documentElement.dataset.stored = 'yes'; };
};
</script>`,
);

/** What is left of `/storage`, once known, in `<html data-left="cookie local database">`; changes nothing itself. */
const left = page(
  'Left',
  `<script>
(async () => {
  const found = [];
  if (document.cookie.includes('visited=yes')) found.push('cookie');
  if (localStorage.getItem('visited') === 'yes') found.push('local');
  if ((await indexedDB.databases()).some((one) => one.name === 'site')) found.push('database');
  document.documentElement.dataset.left = found.join(' ');
})();
</script>`,
);

const links = page(
  'Links',
  `<nav><a id="plain" href="/plain">plain</a> <a id="next" href="/links/next">next</a> <a id="storage" href="/storage">storage</a></nav>
<script>addEventListener('pageshow', (event) => { document.documentElement.dataset.fromCache = String(event.persisted); });</script>`,
);

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

function answer(path: string, query: URLSearchParams, port: number): Answer {
  const ok = (body: string | Buffer, type = 'text/html; charset=utf-8'): Answer => ({ status: 200, type, body });
  if (path.endsWith('.js'))
    return ok('globalThis.partyScripts = (globalThis.partyScripts ?? 0) + 1;', 'text/javascript');
  if (path.endsWith('.gif')) return ok(pixel, 'image/gif');
  // Something to download; `/slow/` in the path never gives all of it.
  if (/\.(exe|zip)$/.test(path)) return ok(Buffer.alloc(64 * 1024, 'x'), 'application/octet-stream');
  switch (path) {
    case '/':
      return ok(home(query, port));
    case '/flood':
      return ok(flood(query, port));
    case '/tour':
      return ok(tour(query, port));
    case '/plain':
      return ok(page(query.get('title') ?? 'Plain', ''));
    case '/links':
      return ok(links);
    case '/links/next':
      return ok(page('Next', '<a id="back" href="/links">links</a>'));
    case '/storage':
      return ok(storage);
    case '/left':
      return ok(left);
    case '/echo':
      return ok('{}', 'application/json');
    default:
      return { status: 404, type: 'text/html; charset=utf-8', body: page('Not here', '') };
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes <= bodyBytesMax) parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Starts the site on a free port of 127.0.0.1. */
export async function start(): Promise<WebServer> {
  const requests: WebRequest[] = [];
  let port = 0;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const url = new URL(request.url ?? '/', 'http://any.invalid');
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const atMs = Date.now();
    const body = await bodyOf(request);
    const { pathname, search } = url;
    requests.push({ atMs, method: request.method ?? '', host, path: `${pathname}${search}`, headers, body });
    const reply = answer(pathname, url.searchParams, port);
    const slow = pathname.startsWith('/slow/');
    response.writeHead(reply.status, {
      ...(slow ? { 'content-length': String(64 * 1024 * 1024) } : {}),
      'content-type': reply.type,
      // Parties are counted by requests: nothing may come out of the browser's cache. Pages must not say `no-store`,
      // which would keep them out of the back/forward cache.
      'cache-control': reply.type.startsWith('text/html') ? 'no-cache' : 'no-store',
      'access-control-allow-origin': '*',
      'access-control-allow-headers': '*',
    });
    if (slow) response.write(reply.body);
    else response.end(reply.body);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const listening = await listen(server);
  port = listening.port;
  return {
    port,
    requests,
    url: (host, path = '/') => `http://${host}:${port}${path}`,
    stop: listening.stop,
  };
}
