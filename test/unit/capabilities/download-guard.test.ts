import { describe, expect, test } from 'vitest';
import type { DownloadInfo } from '../../../utils/capabilities/capability';
import { start, verdictOn } from '../../../utils/capabilities/download-guard';
import type { Lease } from '../../../utils/leases/lease';
import { settle, stage } from './stage';

const bad = { malicious: new Set(['bad.example', '203.0.113.7']), phishing: new Set(['phish.example', 'bad.example']) };
const file = (url: string, more: Partial<DownloadInfo> = {}) => ({ url, fileName: '', mime: '', ...more });

describe('the verdict', () => {
  test.each<[string, ReturnType<typeof file>, string | undefined]>([
    ['a listed host', file('https://bad.example/a.zip'), 'malicious'],
    ['below a listed host', file('https://cdn.bad.example/a.zip'), 'malicious'],
    ['a listed address', file('http://203.0.113.7:81/a'), 'malicious'],
    ['the other list', file('https://phish.example/a.pdf'), 'phishing'],
    ['a name that only ends like it', file('https://notbad.example/a.zip'), undefined],
    ['what a listed host lies below', file('https://example/a.zip'), undefined],
    ['a program over HTTPS', file('https://shop.example/a.exe'), undefined],
    ['a program over HTTP', file('http://shop.example/a.exe'), 'program-over-http'],
    [
      'a program by its name alone',
      file('http://shop.example/get?id=1', { fileName: 'Setup.MSI' }),
      'program-over-http',
    ],
    [
      'a program by its type alone',
      file('http://shop.example/get', { mime: 'application/x-msdownload; a=b' }),
      'program-over-http',
    ],
    ['a document over HTTP', file('http://shop.example/exe.pdf', { mime: 'application/pdf' }), undefined],
    ['from this very device', file('http://localhost:8000/a.exe'), undefined],
    ['from this very device, by number', file('http://127.0.0.1/a.exe'), undefined],
    ['from a name that begins like it', file('http://127.0.0.1.evil.example/a.exe'), 'program-over-http'],
    ['made by a page', file('blob:http://bad.example/1'), undefined],
  ])('on %s', (_what, download, expected) => {
    expect(verdictOn(download, bad)).toBe(expected);
  });
});

async function guarding() {
  const it = await stage();
  it.played.badHosts = { malicious: ['bad.example'], phishing: [] };
  const given = await it.lease('download-guard');
  const world = it.world();
  await start(given.lease as Lease<'download-guard'>, world);
  const put = (id: number, url: string, more: Partial<DownloadInfo> = {}) =>
    it.played.downloads.set(id, {
      id,
      url,
      fileName: '',
      mime: '',
      incognito: false,
      state: 'in_progress',
      paused: false,
      exists: true,
      ...more,
    });
  const create = async (id: number, url: string, more: Partial<DownloadInfo> = {}) => {
    put(id, url, more);
    it.events.downloadCreated.fire({ id });
    await settle();
  };
  const verdicts = async () =>
    (await it.records()).map((row) => [
      'site' in row ? row.site : '',
      row.capability === 'download-guard' ? row.verdict : '',
    ]);
  return { ...it, ...given, world, put, create, verdicts };
}

describe('the download guard', () => {
  test('holds what is bad, asks about it and writes it down; keeps nothing of the rest', async () => {
    const it = await guarding();
    await it.create(1, 'https://shop.example/a.zip');
    await it.create(2, 'https://bad.example/a.zip');
    expect(it.played.paused).toEqual([2]);
    expect(it.played.asked).toEqual([2]);
    expect(await it.verdicts()).toEqual([['bad.example', 'malicious']]);
    expect(JSON.stringify(await it.database.getAll('records'))).not.toContain('a.zip');
  });

  test('reads the lists with the first download and not again', async () => {
    const it = await guarding();
    expect(it.played.hostReadings).toBe(0);
    await it.create(1, 'https://shop.example/a.zip');
    await it.create(2, 'https://shop.example/b.zip');
    expect(it.played.hostReadings).toBe(1);
  });

  test('reads them again where that failed', async () => {
    const it = await guarding();
    const good = it.played.badHosts;
    it.played.badHosts = { malicious: 'none' };
    await it.create(1, 'https://bad.example/a.zip');
    expect(it.played.errors).toHaveLength(1);
    it.played.badHosts = good;
    await it.create(2, 'https://bad.example/a.zip');
    expect(it.played.asked).toEqual([2]);
  });

  test('looks again once the name is known, and asks once', async () => {
    const it = await guarding();
    await it.create(1, 'http://shop.example/get');
    expect(it.played.asked).toEqual([]);
    it.put(1, 'http://shop.example/get', { fileName: 'setup.exe' });
    it.events.downloadChanged.fire({ id: 1, filename: { current: 'setup.exe' } });
    it.events.downloadChanged.fire({ id: 1, filename: { current: 'setup.exe' } });
    await settle();
    it.events.downloadChanged.fire({ id: 1 });
    await settle();
    expect(it.played.asked).toEqual([1]);
    expect(await it.verdicts()).toHaveLength(1);
  });

  test('does not ask again about what the person began anew, once', async () => {
    const it = await guarding();
    it.world.on.downloads.emit((running) => running.letThrough('https://bad.example/a.zip'));
    await it.create(1, 'https://bad.example/a.zip');
    expect(it.played.asked).toEqual([]);
    await it.create(2, 'https://bad.example/a.zip');
    expect(it.played.asked).toEqual([2]);
  });

  test('warns in private windows too, and keeps nothing of them', async () => {
    const it = await guarding();
    await it.create(1, 'https://bad.example/a.zip', { incognito: true });
    expect(it.played.asked).toEqual([1]);
    expect(await it.records()).toEqual([]);
  });

  test('warns with a full disk, and not once it is taken back', async () => {
    const it = await guarding();
    it.played.writes = { kind: 'full' };
    await it.create(1, 'https://bad.example/a.zip');
    expect(it.played.asked).toEqual([1]);
    it.played.writes = 'open';
    await it.book.change({ capability: 'download-guard', scope: '*', event: 'revoke', by: 'person' });
    await it.create(2, 'https://bad.example/a.zip');
    expect(it.played.asked).toEqual([1]);
    it.controller.abort();
    expect(it.events.downloadCreated.listeners.size).toBe(0);
    expect(it.world.on.downloads.attached).toBe(0);
  });
});
