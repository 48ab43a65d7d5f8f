import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUNDLE_CHARS } from '../../utils/exports/dpv/bundle';
import { dpvRecordShape } from '../../utils/exports/dpv/shape';
import { start, type WebServer } from '../servers/web';
import {
  ask,
  grant,
  held,
  ledger,
  type Page,
  rawRows,
  send,
  stateOf,
  testid,
  until,
  wantedBrowsers,
  withBrowser,
} from './cloudopt';
import type { CdpSession } from './driver/cdp';

const SHOP = '*://shop.example/*';
const DAY_MS = 86_400_000;

let web: WebServer;
beforeAll(async () => {
  web = await start();
});
afterAll(() => web.stop());

/** Keeps every file that the page hands to the browser's downloads, as text in `window.saved`. */
const keepFiles = (page: Page) =>
  page.evaluate(() => {
    const kept: { name: string; text: string }[] = [];
    (window as unknown as { saved: typeof kept }).saved = kept;
    const blobs = new Map<string, Blob>();
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob: Blob) => {
      const url = make(blob);
      blobs.set(url, blob);
      return url;
    };
    HTMLAnchorElement.prototype.click = function (this: HTMLAnchorElement) {
      void blobs
        .get(this.href)
        ?.text()
        .then((text) => kept.push({ name: this.download, text }));
    };
  });

/** The file that a press of this button saves, parsed. */
async function saved(page: Page, button: string): Promise<{ name: string; text: string }> {
  await page.waitFor(testid(button));
  await page.click(testid(button));
  return page.until(
    () => (window as unknown as { saved: { name: string; text: string }[] }).saved.pop(),
    `${button} saves a file`,
  ) as Promise<{ name: string; text: string }>;
}

/** Puts a file of this content into the field, as choosing one does. */
const choose = (page: Page, content: string) =>
  page.evaluate((text: string) => {
    const input = document.querySelector('[data-testid="import-consent-records"]') as HTMLInputElement;
    const files = new DataTransfer();
    files.items.add(new File([text], 'records.json'));
    input.files = files.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  }, content);

async function serious(page: Page): Promise<string[]> {
  return (await page.axe())
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' | ')}`);
}

describe.each(wantedBrowsers())('a person’s rights in %s', (name) => {
  test('consent records are exported as DPV, read back to look at, and give no permission', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      await grant(browser, options, 'notifications');
      await ask(options, 'grants.revoke', { capability: 'site-insight', scope: SHOP });
      await options.goto('options.html#history');
      await keepFiles(options);
      expect(await options.text(testid('subject-id'))).not.toMatch(/^[0-9a-f-]{36}$/);
      const file = await saved(options, 'export-consent-records');
      expect(file.name).toMatch(/^cloudopt-consent-records-.*\.json$/);
      const bundle = JSON.parse(file.text) as { '@context': object; records: unknown[] };
      const records = bundle.records.map((record) => dpvRecordShape.parse(record));
      expect(records.map((record) => record['cloudopt:state']).sort()).toEqual(['granted', 'revoked']);
      const subject = records[0]?.['dpv:hasDataSubject']['dct:identifier'];
      await options.until(
        (id: string) => document.querySelector('[data-testid="subject-id"]')?.textContent === id,
        'the subject’s id is shown',
        undefined,
        subject ?? '',
      );
      expect((await ledger(options)).at(-1)).toBe('exported person -');

      // One record is changed by hand; both are shown, and nothing changes in the book.
      const before = [await rawRows(options, 'grants'), await rawRows(options, 'fences'), await ledger(options)];
      await choose(options, file.text.replace('"cloudopt:state":"revoked"', '"cloudopt:state":"granted"'));
      await options.waitFor(testid('imported'));
      const checked = await options.evaluate(() =>
        [...document.querySelectorAll('[data-testid="imported-record"]')].map((one) =>
          one.getAttribute('data-checked'),
        ),
      );
      expect(checked.sort()).toEqual(['changed', 'intact']);
      expect(await options.text(testid('imported'))).toContain('They give no permission');
      await options.click(`${testid('imported-record')} summary`);
      await options.waitFor(testid('receipt'));
      expect(await serious(options)).toEqual([]);
      expect([await rawRows(options, 'grants'), await rawRows(options, 'fences'), await ledger(options)]).toEqual(
        before,
      );
      expect(await stateOf(options, 'site-insight', SHOP)).toBe('revoked');
      await options.click(testid('import-close'));
      expect(await options.count(testid('imported'))).toBe(0);

      for (const wrong of ['', '{}', 'x'.repeat(BUNDLE_CHARS + 1), file.text.replace('"version":2', '"version":3')]) {
        await choose(options, wrong);
        await options.waitFor(testid('import-refused'));
        expect(await options.count(testid('imported'))).toBe(0);
      }
      // That of the file before it may stand there for a moment.
      await options.until(
        () =>
          document.querySelector('[data-testid="import-refused"]')?.textContent?.includes('another version') === true,
        'another version',
      );

      await options.click(testid('renew-subject'));
      await options.click(testid('renew-subject-confirm'));
      await options.until(
        (id: string) => document.querySelector('[data-testid="subject-id"]')?.textContent !== id,
        'another id',
        undefined,
        subject ?? '',
      );
    });
  });

  test('each decision has a receipt to read and to print', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      await options.waitFor(testid('receipt-link'));
      await options.click(testid('receipt-link'));
      const page = await browser.waitForPage('receipt.html');
      await page.waitFor(testid('receipt'));
      const shown = (await page.text(testid('receipt'))) ?? '';
      for (const part of [
        'Consent receipt',
        'shop.example',
        'Third-party hosts',
        '30',
        'I.5',
        'support@cloudopt.net',
      ]) {
        expect(shown).toContain(part);
      }
      expect(await page.attribute(`${testid('receipt')} time`, 'datetime')).toMatch(/^20/);
      expect(await serious(page)).toEqual([]);
      await page.evaluate(() => {
        window.print = () => {
          document.documentElement.dataset.printed = 'yes';
        };
      });
      await page.click(testid('print-receipt'));
      expect(await page.evaluate(() => document.documentElement.dataset.printed)).toBe('yes');
      if (name === 'chromium') {
        // Paper has the receipt alone, on a few sheets.
        const { session } = page as unknown as { session: Pick<CdpSession, 'send'> };
        await session.send('Emulation.setEmulatedMedia', { media: 'print' });
        expect(await page.visible(testid('receipt'))).toBe(true);
        for (const other of ['h1', testid('print-receipt')]) expect(await page.visible(other), other).toBe(false);
        const { data } = await session.send('Page.printToPDF', { paperWidth: 8.27, paperHeight: 11.69 });
        const pdf = Buffer.from(String(data), 'base64').toString('latin1');
        expect(pdf.match(/\/Type\s*\/Page\b/g)?.length ?? 0).toBeGreaterThan(0);
        expect(pdf.match(/\/Type\s*\/Page\b/g)?.length ?? 0).toBeLessThanOrEqual(4);
      }
      const nothing = await browser.open('receipt.html?capability=site-insight&scope=*://never.example/*');
      await nothing.until(() => document.body.textContent?.includes('Nothing is on record'), 'says so');
      // No other page may read a record out.
      expect(await send(options, 'history.consent', { capability: 'site-insight', scope: SHOP })).toMatchObject({
        error: 'not-allowed',
      });
    });
  });

  test('everything is exported in one file, and erased after the permissions were taken back', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      await browser.open(web.url('shop.example', '/?parties=cdn.example&each=2'));
      await until(async () => (await rawRows(options, 'records')).length > 0, 'counted');
      await options.bringToFront();
      await options.goto('options.html#data');
      await keepFiles(options);
      const file = JSON.parse((await saved(options, 'export-everything')).text) as Record<string, unknown[]>;
      const rows = await Promise.all(
        ['records', 'grants', 'notices', 'settings'].map((store) => rawRows(options, store)),
      );
      expect([file.records, file.grants, file.notices, file.settings]).toEqual(rows);
      await until(async () => (await ledger(options)).at(-1) === 'exported person -', 'on record');

      expect(await options.text('main')).toContain('Stays: the history');
      await options.click(testid('erase-everything'));
      await options.waitFor(testid('erase-everything-confirm'));
      await options.click(testid('erase-everything-confirm'));
      await options.waitFor(testid('erased-everything'));
      expect(await options.text(testid('erased-everything'))).toContain('The history stays');
      expect(await serious(options)).toEqual([]);
      expect(await stateOf(options, 'site-insight', SHOP)).toBe('revoked');
      expect((await held(options)).origins).toEqual([]);
      for (const store of ['records', 'uses', 'outbox']) expect(await rawRows(options, store), store).toEqual([]);
      expect((await rawRows(options, 'settings')).map((row) => row.key).sort()).toEqual(['database', 'policy']);
      expect((await ledger(options)).slice(-2)).toEqual([`revoked person ${SHOP}`, 'erased person -']);
      // The next start finds the same history.
      await browser.stopBackground();
      expect((await ask(options, 'state.get', {})).news.map((item) => item.kind)).not.toContain('history-lost');
    });
  });

  test('records past their time are gone after a start, and the page says when the next go', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html#data');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      await grant(browser, options, 'browsing-time');
      const now = await options.evaluate(() => Date.now());
      const [{ grantId, epoch }] = (await rawRows(options, 'fences')) as [{ grantId: string; epoch: number }];
      const row = (capability: string, days: number) => ({
        id: `${capability}-${days}`,
        capability,
        scope: capability === 'site-insight' ? SHOP : '*',
        grantId,
        epoch,
        atMs: now - days * DAY_MS,
        site: 'shop.example',
        day: new Date(now - days * DAY_MS).toISOString().slice(0, 10),
        ...(capability === 'site-insight' ? { party: 'cdn.example', requests: 1 } : { attentionMs: 60_000 }),
      });
      const kept = ['site-insight-29', 'browsing-time-89'];
      await options.evaluate(
        (rows: object[]) =>
          new Promise<void>((resolve, reject) => {
            const opening = indexedDB.open('cloudopt');
            opening.onerror = () => reject(opening.error);
            opening.onsuccess = () => {
              const writing = opening.result.transaction('records', 'readwrite');
              for (const one of rows) writing.objectStore('records').put(one);
              writing.oncomplete = () => {
                opening.result.close();
                resolve();
              };
            };
          }),
        [
          row('site-insight', 29),
          row('site-insight', 31),
          row('browsing-time', 89),
          row('browsing-time', 91),
        ] as object[],
      );
      await browser.stopBackground();
      // Any question wakes it; it is answered once the start is done.
      await ask(options, 'state.get', {});
      await until(async () => {
        const ids = (await rawRows(options, 'records')).map((one) => one.id).filter((id) => !String(id).includes('|'));
        return ids.length === 2 && kept.every((id) => ids.includes(id));
      }, 'the old ones are gone');
      await options.reload();
      await options.waitFor(testid('retention'));
      const tomorrow = await options.evaluate(
        (atMs: number) => new Intl.DateTimeFormat(navigator.language, { dateStyle: 'medium' }).format(atMs),
        now + DAY_MS,
      );
      for (const capability of ['site-insight', 'browsing-time']) {
        expect(await options.text(`${testid('retention')}[data-capability="${capability}"]`)).toContain(tomorrow);
      }
    });
  });

  test('bulletins ship in the package, are dismissed for good, and say who gets what', async () => {
    await withBrowser(name, {}, async (browser) => {
      const popup = await browser.open('popup.html');
      await popup.waitFor(testid('bulletin'));
      expect(await popup.text(testid('bulletin'))).toContain('2019-01');
      expect(await serious(popup)).toEqual([]);
      const options = await browser.open('options.html');
      await options.waitFor(testid('bulletin'));
      await options.click(testid('dismiss-bulletin'));
      await options.until(() => document.querySelector('[data-testid="bulletin"]') === null, 'gone');
      await browser.stopBackground();
      await popup.reload();
      await popup.waitFor(testid('offer'));
      expect(await popup.count(testid('bulletin'))).toBe(0);

      await options.goto('options.html#policy');
      await options.waitFor(testid('disclosure'));
      expect(await options.count(testid('disclosure'))).toBe((await ask(options, 'state.get', {})).capabilities.length);
      expect(await options.text(testid('disclosure'))).toContain('Nobody. It stays on this device.');
      expect(await serious(options)).toEqual([]);
    });
  });

  test('feedback is a mail that the person has seen whole, and may change', async () => {
    await withBrowser(name, {}, async (browser) => {
      const page = await browser.open('options.html');
      await page.waitFor('footer a');
      await page.click('footer a');
      await page.waitFor(testid('feedback-body'));
      await page.until(() => document.activeElement?.id === 'feedback', 'the form is gone to');
      const link = async () => new URL((await page.attribute(testid('feedback-write'), 'href')) ?? '');
      const body = async () => (await link()).search.match(/[?&]body=([^&]*)/)?.[1] ?? '';
      const shown = await page.evaluate(
        () => (document.querySelector('[data-testid="feedback-body"]') as HTMLTextAreaElement).value,
      );
      expect(shown).toContain('Cloudopt ');
      expect((await link()).pathname).toBe('support@cloudopt.net');
      expect(decodeURIComponent(await body()).replaceAll('\r\n', '\n')).toBe(shown);
      await page.fill(testid('feedback-body'), 'Only this & 100 % of it?\n#done');
      await until(async () => decodeURIComponent(await body()) === 'Only this & 100 % of it?\r\n#done', 'follows');
      expect([...(await link()).searchParams.keys()]).toEqual(['subject', 'body']);
      expect(await serious(page)).toEqual([]);
    });
  });
});
