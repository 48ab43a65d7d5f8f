import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ask, buildOf, grant, launch, type Page, testid, until, wantedBrowsers } from './cloudopt';

/** How often a notification was shown. */
const told = async (page: Page) =>
  (await ask(page, 'activity.week', {})).hours
    .filter((hour) => hour.capability === 'notifications')
    .reduce((times, hour) => times + hour.times, 0);

describe.each(wantedBrowsers())('an update that brings word of an incident in %s', (name) => {
  test('shows it, tells of it once where notifications are granted, and keeps it until it is dismissed', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-incident-'));
    const extensionDir = path.join(folder, 'extension');
    try {
      cpSync(buildOf(name), extensionDir, { recursive: true });
      const browser = await launch(name, { profile: path.join(folder, 'profile'), persistent: true, extensionDir });
      try {
        const options = await browser.open('options.html');
        await grant(browser, options, 'notifications');
        // What came with the installation is told to nobody.
        expect(await told(options)).toBe(0);
        rmSync(extensionDir, { recursive: true });
        cpSync(buildOf(name, 'next'), extensionDir, { recursive: true });
        await browser.update();
        const page = await browser.open('options.html');
        await page.waitFor(`${testid('bulletin')}[data-kind="incident"]`);
        // One for the newer policy that the same build has, one for the incident.
        await until(async () => (await told(page)) === 2, 'told');
        await browser.stopBackground();
        const { bulletins } = await ask(page, 'state.get', {});
        expect(bulletins.map((one) => one.id)).toEqual(['incident-fictional', 'policy-2019-01']);
        expect(bulletins[0]).toMatchObject({ clause: 'V.4', language: 'en', title: 'A fictional incident' });
        expect(await told(page)).toBe(2);
        const popup = await browser.open('popup.html');
        await popup.waitFor(`${testid('bulletin')}[data-kind="incident"]`);
        await popup.click(`${testid('bulletin')}[data-kind="incident"] ${testid('dismiss-bulletin')}`);
        await popup.until(
          () => document.querySelector('[data-testid="bulletin"][data-kind="incident"]') === null,
          'dismissed',
        );
        expect((await ask(page, 'state.get', {})).bulletins.map((one) => one.id)).toEqual(['policy-2019-01']);
      } finally {
        await browser.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
