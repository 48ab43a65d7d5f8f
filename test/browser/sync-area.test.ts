/** The browser's own sync as a place, asked of the real `storage.sync`: our provider runs here, the area is the browser's. */
import { describe, expect, test } from 'vitest';
import { areaOf, type RawSyncArea } from '../../utils/egress/sync-area';
import { BROWSER_BYTES_MAX, browserErasure, browserProvider } from '../../utils/sync/providers/browser';
import { type Page, wantedBrowsers, withBrowser } from './cloudopt';

type Items = Record<string, unknown>;
interface Api {
  readonly chrome: {
    storage: {
      sync: {
        get(keys: string[] | null): Promise<Items>;
        set(items: Items): Promise<void>;
        remove(keys: string[]): Promise<void>;
      };
    };
  };
}

/** Errors come over as texts, as the browser words them. */
const areaOn = (page: Page): RawSyncArea => ({
  get: (keys) =>
    page.evaluate((names: string[] | null) => (globalThis as unknown as Api).chrome.storage.sync.get(names), keys),
  set: async (items) => {
    const why = await page.evaluate(
      (all: Items) =>
        (globalThis as unknown as Api).chrome.storage.sync.set(all).then(
          () => '',
          (error: unknown) => String(error),
        ),
      items,
    );
    if (why !== '') throw new Error(why);
  },
  remove: async (keys) => {
    await page.evaluate((names: string[]) => (globalThis as unknown as Api).chrome.storage.sync.remove(names), keys);
  },
});

/** As long as a sealed file can be, and hardly to be compressed. */
const sealed = (length: number, seed: number): string =>
  Array.from(
    { length },
    (_, at) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij-_0123456789'[(at * seed + (at >> 5)) % 48],
  ).join('');

describe.each(wantedBrowsers())('the real storage.sync of %s', (name) => {
  const run = (task: (raw: RawSyncArea) => Promise<void>) =>
    withBrowser(name, {}, async (browser) => task(areaOn(await browser.open('options.html'))));

  test('keeps what a place keeps, whole or not at all, and says when it is full', async () => {
    await run(async (raw) => {
      const place = browserProvider(areaOf(raw));
      expect(await place.probe()).toEqual({
        kind: 'works',
        honoursIfMatch: false,
        tags: false,
        madeFolder: false,
        dateMs: null,
        bytesMax: BROWSER_BYTES_MAX,
      });
      expect(await raw.get(null)).toEqual({});
      expect(await place.get('settings')).toEqual({ kind: 'missing' });
      const keys = JSON.stringify({ protected: 'a', recipients: ['<b>'] });
      expect(await place.put('keys', keys, null)).toMatchObject({ kind: 'put' });
      const long = sealed(BROWSER_BYTES_MAX, 7);
      expect(await place.put('settings', long, null)).toMatchObject({ kind: 'put' });
      expect(await place.get('settings')).toMatchObject({ kind: 'found', text: long });
      expect(await place.get('keys')).toMatchObject({ kind: 'found', text: keys });
      // A shorter one leaves no chunk behind.
      expect(await place.put('settings', 'short', null)).toMatchObject({ kind: 'put' });
      expect(Object.keys(await raw.get(null)).filter((key) => key.startsWith('cloudopt/settings'))).toHaveLength(2);
      expect(await place.put('settings', sealed(BROWSER_BYTES_MAX + 1, 7), null)).toMatchObject({ why: 'full' });
      expect(await place.get('settings')).toMatchObject({ kind: 'found', text: 'short' });

      // Others of this extension's items have taken the room: the browser refuses all of it, and what stood there stays.
      const filler = Object.fromEntries([0, 1, 2, 3, 4, 5].map((at) => [`other/${at}`, sealed(8000, at + 3)]));
      await raw.set(filler);
      expect(await place.put('settings', long, null)).toMatchObject({ kind: 'trouble', why: 'full' });
      expect(await place.get('settings')).toMatchObject({ kind: 'found', text: 'short' });
      await raw.remove(Object.keys(filler));

      // Chunks arrive one by one on other devices.
      expect(await place.put('settings', long, null)).toMatchObject({ kind: 'put' });
      const later = (await raw.get(['cloudopt/settings/1']))['cloudopt/settings/1'];
      expect(await place.put('settings', sealed(BROWSER_BYTES_MAX, 11), null)).toMatchObject({ kind: 'put' });
      await raw.set({ 'cloudopt/settings/1': later });
      expect(await place.get('settings')).toEqual({ kind: 'torn' });

      for (const file of ['settings', 'keys'] as const) {
        expect(await place.delete(file)).toEqual({ kind: 'deleted' });
        expect(await place.get(file)).toEqual({ kind: 'closed' });
      }
      expect(await raw.get(null)).toEqual(browserErasure.left);
    });
  });

  test.skipIf(name === 'firefox')('says when it was written to too often, and keeps what stood there', async () => {
    await run(async (raw) => {
      const place = browserProvider(areaOf(raw));
      let last = '';
      let refused: unknown;
      // Chromium takes 120 writes a minute.
      for (let turn = 0; turn < 130 && refused === undefined; turn += 1) {
        const put = await place.put('settings', `turn ${turn}`, null);
        if (put.kind === 'put') last = `turn ${turn}`;
        else refused = put;
      }
      expect(refused).toMatchObject({ kind: 'trouble', why: 'too-often' });
      expect(await place.get('settings')).toMatchObject({ kind: 'found', text: last });
    });
  });
});
