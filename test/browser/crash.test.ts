import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ask,
  type Driven,
  grant,
  held,
  launch,
  ledger,
  type Page,
  promptUrl,
  stateOf,
  testid,
  until,
  wantedBrowsers,
} from './cloudopt';
import { complaints } from './ledger-check';

const SHOP = '*://shop.example/*';

interface Step {
  readonly when: string;
  /** Brings the browser to the step at which it is killed. */
  readonly go: (browser: Driven, options: Page) => Promise<void>;
  readonly after: (page: Page) => Promise<void>;
}

async function askInPrompt(browser: Driven): Promise<Page> {
  const prompt = await browser.open(promptUrl('site-insight', SHOP));
  await prompt.waitFor(testid('allow'));
  return prompt;
}

const nothingLive = async (page: Page) => {
  expect(await stateOf(page, 'site-insight')).not.toBe('granted');
  await until(async () => (await held(page)).origins.length === 0, 'nothing held');
};

const steps: Step[] = [
  {
    when: 'the question is on screen',
    go: async (browser, options) => {
      await askInPrompt(browser);
      await until(async () => (await ledger(options)).length === 1, 'asked');
    },
    after: async (page) => {
      await nothingLive(page);
      expect(await ledger(page)).toEqual([`asked person ${SHOP}`, `refused recovery ${SHOP}`]);
    },
  },
  {
    when: "the browser's own prompt is open",
    go: async (browser) => {
      const prompt = await askInPrompt(browser);
      await prompt.click(testid('allow'));
      await until(() => browser.nativePrompt(prompt), 'native prompt');
    },
    after: async (page) => {
      await nothingLive(page);
      expect((await ledger(page)).at(-1)).toBe(`refused recovery ${SHOP}`);
    },
  },
  {
    when: 'a grant was just given',
    go: async (browser, options) => {
      const prompt = await askInPrompt(browser);
      await prompt.click(testid('allow'));
      await browser.answerNative(prompt, 'allow', async () => (await stateOf(options, 'site-insight')) === 'granted');
    },
    after: async (page) => {
      // The browser may have lost a permission this young; then the grant is over too. Never one without the other.
      const origins = (await held(page)).origins.length;
      expect(await stateOf(page, 'site-insight')).toBe(origins > 0 ? 'granted' : 'revoked');
    },
  },
  {
    when: 'a revocation was just answered',
    go: async (browser, options) => {
      await grant(browser, options, 'site-insight', { scope: SHOP });
      await ask(options, 'grants.revoke', { capability: 'site-insight', scope: SHOP });
    },
    after: async (page) => {
      await nothingLive(page);
      expect((await ledger(page)).slice(0, 3)).toEqual([
        `asked person ${SHOP}`,
        `granted person ${SHOP}`,
        `revoked person ${SHOP}`,
      ]);
    },
  },
  {
    when: 'a revocation is under way',
    go: async (browser, options) => {
      await grant(browser, options, 'site-insight', { scope: SHOP });
      // Not awaited in the page: the kill comes while it runs.
      await options.evaluate((scope: string) => {
        const { runtime } = (
          globalThis as unknown as { chrome: { runtime: { sendMessage(message: object): Promise<unknown> } } }
        ).chrome;
        void runtime.sendMessage({ name: 'grants.revoke', input: { capability: 'site-insight', scope } });
      }, SHOP);
    },
    after: async (page) => {
      const origins = (await held(page)).origins.length;
      expect(await stateOf(page, 'site-insight')).toBe(origins > 0 ? 'granted' : 'revoked');
    },
  },
];

describe.each(wantedBrowsers())('SIGKILL of %s', (name) => {
  test.each(steps)('when $when: the next start agrees with itself', async ({ go, after }) => {
    const profile = mkdtempSync(path.join(tmpdir(), 'cloudopt-profile-'));
    try {
      const first = await launch(name, { profile, persistent: true });
      const options = await first.open('options.html');
      await go(first, options);
      await first.kill();
      const second = await launch(name, { profile, persistent: true });
      try {
        const page = await second.open('options.html');
        await ask(page, 'state.get', {});
        await after(page);
        await until(async () => (await complaints(page)).length === 0, 'agreement').catch(async () => {
          expect(await complaints(page)).toEqual([]);
        });
      } finally {
        await second.close();
      }
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
