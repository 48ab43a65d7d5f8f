/**
 * A folder on a WebDAV server (RFC 4918). Servers differ in nearly everything beyond GET, PUT, DELETE and PROPFIND, so
 * nothing else is relied on; what was measured of them stands in the tests of test/servers.
 */
import type { Exchange, WireAnswer, WireRequest } from '../../egress/wire';
import {
  type Deleted,
  type FileName,
  type Got,
  type Probe,
  type Provider,
  type Put,
  type Trouble,
  trouble,
} from './provider';

export interface WebdavPorts {
  /** An HTTPS address of a folder that is there. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly exchange: Exchange;
  /** A name that no other device picks at the same time. */
  freshName(): string;
}

/** One file at most; documents stay far below. */
export const WEBDAV_BYTES_MAX = 1024 * 1024;
/** What a server says of a folder, or of a failure, is never longer. */
const WORDS_BYTES_MAX = 256 * 1024;
const FOLDER = 'Cloudopt';

const files: Readonly<Record<FileName, string>> = { keys: 'keys.jwe', settings: 'settings.jwe' };
const damagedFiles: Readonly<Record<FileName, string>> = { keys: 'keys.bad.jwe', settings: 'settings.bad.jwe' };

/** The folder's address, below the one that the person gave. Query and fragment mean nothing there. */
function folderOf(url: string): string {
  const base = new URL(url);
  base.search = '';
  base.hash = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return `${base.href}${FOLDER}/`;
}

/** Every address that Cloudopt may have written to below this one: what an erasure names. */
export function webdavUrls(url: string): string[] {
  const folder = folderOf(url);
  return [...Object.values(files), ...Object.values(damagedFiles)].map((file) => `${folder}${file}`);
}

/** `btoa` knows Latin-1 alone; servers read UTF-8 (RFC 7617). */
function basicAuth(user: string, password: string): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

type Answered = Extract<WireAnswer, { kind: 'answer' }>;

const succeeded = ({ status }: Answered) => status >= 200 && status < 300;

/** A login page or an index, whatever its status: no server sends what we wrote in this form. */
const isPage = ({ headers, text }: Answered) =>
  /\b(text\/html|application\/xhtml)/i.test(headers.contentType ?? '') || /^\s*<(!doctype|html)/i.test(text);

/**
 * A tag that may be sent back as `If-Match`, which compares strongly: not a weak one, nor one that a compressing server
 * or proxy made of the file's own.
 */
function strongTag(raw: string | null): string | null {
  const tag = raw?.trim() ?? '';
  return /^"[\x21\x23-\x7e]{1,200}"$/.test(tag) && !/[-;](gzip|br|deflate|zstd)"$/i.test(tag) ? tag : null;
}

/** What stands in the way where no answer is the wished one. */
function troubleOf(answer: WireAnswer): Trouble {
  switch (answer.kind) {
    case 'halted':
      return trouble('halted');
    case 'no-answer':
      return trouble('offline');
    case 'too-large':
      return trouble('too-large');
    case 'redirected':
      return trouble('not-webdav');
    case 'refused':
      if (answer.why === 'stale-lease') return trouble('halted');
      return trouble(answer.why === 'too-often' ? 'too-often' : answer.why === 'too-long' ? 'too-large' : 'refused');
    case 'answer':
      return troubleOfStatus(answer);
  }
}

const whyByStatus: Readonly<Record<number, Trouble['why']>> = {
  401: 'signed-out',
  403: 'forbidden',
  404: 'no-folder',
  405: 'not-webdav',
  408: 'busy',
  409: 'no-folder',
  410: 'no-folder',
  413: 'too-large',
  423: 'locked',
  429: 'too-often',
  501: 'not-webdav',
  503: 'busy',
  507: 'full',
};

function troubleOfStatus({ status, headers }: Answered): Trouble {
  const usual = status >= 400 ? 'server-error' : 'not-webdav';
  return trouble(whyByStatus[status] ?? usual, status, headers.afterMs);
}

export function webdavProvider({ url, user, password, exchange, freshName }: WebdavPorts): Provider {
  const folder = folderOf(url);
  const base = folder.slice(0, -`${FOLDER}/`.length);
  const authorization = basicAuth(user, password);

  const ask = (
    method: WireRequest['method'],
    to: string,
    { headers = {}, body = null, bytesMax = WORDS_BYTES_MAX }: Partial<Omit<WireRequest, 'method' | 'url'>> = {},
  ): Promise<WireAnswer> => exchange({ method, url: to, headers: { ...headers, authorization }, body, bytesMax });

  /** Whether a folder is there. */
  async function look(at: string): Promise<{ kind: 'there'; dateMs: number | null } | { kind: 'gone' } | Trouble> {
    const answer = await ask('PROPFIND', at, { headers: { depth: '0' } });
    if (answer.kind !== 'answer') return troubleOf(answer);
    if (answer.status === 207) return { kind: 'there', dateMs: answer.headers.dateMs };
    if (answer.status === 404 || answer.status === 410) return { kind: 'gone' };
    return succeeded(answer) ? trouble('not-webdav', answer.status) : troubleOf(answer);
  }

  /** Where two devices make it at once, the later one hears that it is there. */
  async function makeFolder(): Promise<{ kind: 'made' } | Trouble> {
    const answer = await ask('MKCOL', folder);
    if (answer.kind !== 'answer') return troubleOf(answer);
    if (answer.status === 201) return { kind: 'made' };
    const there = await look(folder);
    if (there.kind === 'there') return { kind: 'made' };
    return there.kind === 'gone' ? troubleOf(answer) : there;
  }

  async function putOnce(to: string, text: string, onlyIf: string | null): Promise<WireAnswer> {
    const headers = {
      'content-type': 'application/octet-stream',
      ...(onlyIf === null ? {} : { 'if-match': onlyIf }),
    };
    return ask('PUT', to, { headers, body: text });
  }

  /** Servers say that the folder is missing by 404, 409 or 500: where it is, it is made, and the file is sent again. */
  async function putFile(to: string, text: string, onlyIf: string | null): Promise<Put> {
    if (new TextEncoder().encode(text).length > WEBDAV_BYTES_MAX) return trouble('too-large');
    let answer = await putOnce(to, text, onlyIf);
    if (answer.kind === 'answer' && [404, 409, 500].includes(answer.status)) {
      const there = await look(folder);
      if (there.kind === 'trouble') return there;
      if (there.kind === 'gone') {
        const made = await makeFolder();
        if (made.kind === 'trouble') return made;
        answer = await putOnce(to, text, onlyIf);
      }
    }
    if (answer.kind !== 'answer') return troubleOf(answer);
    if (answer.status === 412) return { kind: 'changed' };
    // A page with 200 is no server's word for 'kept'; with 201 it is Apache's.
    if (!succeeded(answer) || (answer.status === 200 && isPage(answer))) return troubleOfStatus(answer);
    return { kind: 'put', tag: strongTag(answer.headers.etag) };
  }

  async function getFile(from: string): Promise<Got> {
    const answer = await ask('GET', from, { bytesMax: WEBDAV_BYTES_MAX });
    if (answer.kind !== 'answer') return troubleOf(answer);
    if (answer.status === 404 || answer.status === 410) {
      // A missing file in a folder that is there; a folder that is gone says nothing of what was in it.
      const there = await look(folder);
      if (there.kind === 'there') return { kind: 'missing' };
      return there.kind === 'gone' ? trouble('no-folder', answer.status) : there;
    }
    if (answer.status !== 200) return troubleOfStatus(answer);
    if (isPage(answer)) return trouble('not-webdav', answer.status);
    const { etag, dateMs } = answer.headers;
    return { kind: 'found', text: answer.text, tag: strongTag(etag), dateMs };
  }

  /** Deleted is what a look afterwards does not find, whatever the answer to the deletion was. */
  async function deleteFile(at: string): Promise<Deleted> {
    const answer = await ask('DELETE', at);
    if (answer.kind !== 'answer') return troubleOf(answer);
    const gone = (status: number) => status === 404 || status === 410;
    if (!succeeded(answer) && !gone(answer.status)) return troubleOfStatus(answer);
    const after = await ask('GET', at, { bytesMax: WEBDAV_BYTES_MAX });
    if (after.kind !== 'answer') return after.kind === 'too-large' ? trouble('server-error') : troubleOf(after);
    if (gone(after.status)) return { kind: 'deleted' };
    return succeeded(after) ? trouble('server-error', after.status) : troubleOfStatus(after);
  }

  /** What the server makes of `If-Match`, on a file of its own that is gone afterwards. */
  async function tryFile(): Promise<{ kind: 'tried'; honoursIfMatch: boolean; tags: boolean } | Trouble> {
    const file = `${folder}probe-${freshName()}.txt`;
    const [first, second] = [`one ${freshName()}`, `two ${freshName()}`];
    const put = await putFile(file, first, null);
    if (put.kind !== 'put') return put.kind === 'trouble' ? put : trouble('server-error', 412);
    const tried = await (async () => {
      const got = await getFile(file);
      if (got.kind === 'trouble') return got;
      if (got.kind !== 'found' || got.text !== first) return trouble('not-webdav');
      if (got.tag === null) return { kind: 'tried', honoursIfMatch: false, tags: false } as const;
      const right = await putFile(file, second, got.tag);
      if (right.kind === 'trouble') return right;
      const stale = await putFile(file, first, got.tag);
      if (stale.kind === 'trouble') return stale;
      const honoursIfMatch = right.kind === 'put' && stale.kind === 'changed';
      return { kind: 'tried', honoursIfMatch, tags: true } as const;
    })();
    const gone = await deleteFile(file);
    return tried.kind === 'tried' && gone.kind === 'trouble' ? gone : tried;
  }

  return {
    bytesMax: WEBDAV_BYTES_MAX,

    async probe(): Promise<Probe> {
      const parent = await look(base);
      if (parent.kind === 'trouble') return parent;
      if (parent.kind === 'gone') return trouble('no-folder', 404);
      const there = await look(folder);
      if (there.kind === 'trouble') return there;
      if (there.kind === 'gone') {
        const made = await makeFolder();
        if (made.kind === 'trouble') return made;
      }
      const tried = await tryFile();
      if (tried.kind === 'trouble') return tried;
      const { honoursIfMatch, tags } = tried;
      const madeFolder = there.kind === 'gone';
      return { kind: 'works', honoursIfMatch, tags, madeFolder, dateMs: parent.dateMs, bytesMax: WEBDAV_BYTES_MAX };
    },

    get: (name) => getFile(`${folder}${files[name]}`),
    put: (name, text, onlyIf) => putFile(`${folder}${files[name]}`, text, onlyIf),
    keepDamaged: (name, text) => putFile(`${folder}${damagedFiles[name]}`, text, null),

    async delete(name) {
      const first = await deleteFile(`${folder}${files[name]}`);
      return first.kind === 'trouble' ? first : deleteFile(`${folder}${damagedFiles[name]}`);
    },
  };
}
