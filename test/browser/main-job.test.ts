import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, type WebServer } from '../servers/web';
import { ask, grant, held, ledger, rawRows, stateOf, testid, until, wantedBrowsers, withBrowser } from './cloudopt';

let web: WebServer;
beforeAll(async () => {
  web = await start();
});
afterAll(() => web.stop());

describe.each(wantedBrowsers())('the main job in %s', (name) => {
  test('ask, allow, browse, see, revoke, verify, export', async () => {
    await withBrowser(name, {}, async (browser) => {
      const welcome = await browser.waitForPage('welcome.html');
      expect(await welcome.count('input:checked')).toBe(0);
      const options = await browser.open('options.html#permissions');
      const card = testid('capability-site-insight');
      await options.waitFor(card);
      expect(await options.attribute(card, 'data-state')).toBe('off');

      // Turn on, from the options page: the prompt opens by itself.
      await options.click(`${card} ${testid('turn-on')}`);
      const prompt = await browser.waitForPage('prompt.html');
      await prompt.waitFor(testid('allow'));
      for (const part of ['purpose', 'fields', 'destination', 'retention', 'refusal-cost', 'clauses']) {
        expect((await prompt.text(testid(`prompt-${part}`)))?.trim(), part).toBeTruthy();
      }
      expect(await prompt.attribute(testid('prompt'), 'role')).toBe('dialog');
      await prompt.click(testid('allow'));
      await browser.answerNative(prompt, 'allow', async () => (await stateOf(options, 'site-insight')) === 'granted');
      await options.until(
        (selector: string) => document.querySelector(selector)?.getAttribute('data-state') === 'granted',
        'options shows it on',
        undefined,
        card,
      );

      // Browse a page with third parties.
      const site = await browser.open(web.url('shop.example', '/?parties=cdn.ads.example,stats.track.test&each=3'));
      const seen = await until(async () => {
        const report = await ask(options, 'insight.site', { host: 'shop.example' });
        return report.requests >= 12 ? report : undefined;
      }, 'third parties seen');
      expect(seen.groups.map((group) => group.domain)).toEqual(['ads.example', 'track.test']);
      expect(seen.groups.map((group) => group.requests)).toEqual([6, 6]);

      // See it under Data and under Activity.
      await options.bringToFront();
      await options.goto('options.html#data');
      await options.waitFor(testid('record'));
      expect(await options.attribute(testid('record'), 'data-capability')).toBe('site-insight');
      await options.goto('options.html#activity');
      await options.until(
        () => /Site insight/.test(document.querySelector('main')?.textContent ?? ''),
        'activity shows it',
      );

      // The popup shows it on, and revokes it with one click.
      const popup = await browser.open('popup.html');
      await popup.waitFor(testid('active-site-insight'));
      await popup.click(`${testid('active-site-insight')} ${testid('revoke')}`);
      await until(async () => (await stateOf(options, 'site-insight')) === 'revoked', 'revoked');
      expect((await held(options)).origins).toEqual([]);
      const before = await rawRows(options, 'records');
      await site.bringToFront();
      await site.goto(web.url('shop.example', '/?parties=late.example&each=3'));
      await options.bringToFront();
      expect(await rawRows(options, 'records')).toEqual(before);
      expect(await ledger(options)).toEqual(['asked person *', 'granted person *', 'revoked person *']);

      // History verifies, and an exported file verifies outside.
      await options.goto('options.html#history');
      await options.waitFor(testid('ledger-entry'));
      expect(await options.count(testid('ledger-entry'))).toBe(3);
      await options.click(testid('verify-ledger'));
      await options.waitFor(testid('ledger-verdict'));
      await options.until(
        () => document.querySelector('[data-testid="ledger-verdict"]')?.getAttribute('data-verdict') === 'intact',
        'verdict',
      );
      const folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-ledger-'));
      try {
        const entries = await rawRows(options, 'ledger');
        const file = path.join(folder, 'ledger.json');
        const check = (rows: object[]) => {
          writeFileSync(file, JSON.stringify({ format: 'cloudopt-ledger', version: 1, entries: rows }));
          return execFileSync('npm', ['run', '--silent', 'verify-ledger', '--', file], { encoding: 'utf8' });
        };
        expect(check(entries)).toContain('intact: 3 entries');
        expect(() => check(entries.map((entry) => ({ ...entry, by: 'clock' })))).toThrow(/broken at seq 1/);
      } finally {
        rmSync(folder, { recursive: true });
      }

      // What was collected is sealed; the person erases it.
      await options.goto('options.html#permissions');
      await options.waitFor(`${card} ${testid('erase-data')}`);
      await options.click(`${card} ${testid('erase-data')}`);
      await until(async () => (await rawRows(options, 'records')).length === 0, 'erased');
      await until(async () => (await ledger(options)).at(-1) === 'erased person *', 'the erasure is on record');
    });
  });

  test('a grant for one site counts there and nowhere else', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight', { scope: '*://shop.example/*' });
      const site = await browser.open(web.url('other.example', '/?parties=cdn.ads.example&each=2'));
      await site.goto(web.url('shop.example', '/?parties=cdn.ads.example&each=2'));
      await until(async () => (await rawRows(options, 'records')).length > 0, 'counted');
      expect((await rawRows(options, 'records')).map((row) => row.site)).toEqual(['shop.example']);
    });
  });
});
