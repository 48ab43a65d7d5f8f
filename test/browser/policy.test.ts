import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ask,
  buildOf,
  grant,
  held,
  launch,
  ledger,
  promptUrl,
  stateOf,
  testid,
  until,
  wantedBrowsers,
} from './cloudopt';

describe.each(wantedBrowsers())('an update with a newer policy in %s', (name) => {
  test('grants on the changed clause pause and are asked for again; the others go on', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-update-'));
    const profile = path.join(folder, 'profile');
    // An unpacked extension is known by its folder: the update takes place in it.
    const extensionDir = path.join(folder, 'extension');
    try {
      cpSync(buildOf(name), extensionDir, { recursive: true });
      const browser = await launch(name, { profile, persistent: true, extensionDir });
      try {
        const options = await browser.open('options.html');
        // I.5 changes in substance, II.5 editorially, I.6 and III not at all.
        await grant(browser, options, 'browsing-time');
        await grant(browser, options, 'notifications');
        await grant(browser, options, 'site-cleaner');
        rmSync(extensionDir, { recursive: true });
        cpSync(buildOf(name, 'next'), extensionDir, { recursive: true });
        await browser.update();
        const page = await browser.open('options.html');
        await until(async () => (await stateOf(page, 'browsing-time')) === 'paused', 'paused');
        expect(await stateOf(page, 'notifications')).toBe('granted');
        expect(await stateOf(page, 'site-cleaner')).toBe('granted');
        expect(await ledger(page)).toContain('policy-changed policy -');
        expect(await ledger(page)).toContain('paused policy *');
        await until(async () => !(await held(page)).permissions.includes('tabs'), 'handed back');
        const { news } = await ask(page, 'state.get', {});
        expect(news.map((item) => item.kind)).toEqual(expect.arrayContaining(['paused', 'policy-changed']));

        const prompt = await browser.open(promptUrl('browsing-time'));
        await prompt.waitFor(testid('allow'));
        expect(await prompt.text('main')).toContain('I.5');
        await prompt.click(testid('allow'));
        const resumed = async () => (await stateOf(page, 'browsing-time')) === 'granted';
        // Chromium gives back what it once gave, without a prompt of its own.
        const shown = await until(
          async () => ((await resumed()) ? 'resumed' : browser.nativePrompt(prompt)),
          'an answer',
        );
        if (shown !== 'resumed') await browser.answerNative(prompt, 'allow', resumed);
        expect((await ledger(page)).at(-1)).toBe('resumed person *');
      } finally {
        await browser.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
