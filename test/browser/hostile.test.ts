import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inputs } from '../../utils/messages/contract';
import { start, type WebServer } from '../servers/web';
import {
  type Driven,
  grant,
  ledger,
  type Page,
  rawRows,
  stateOf,
  testid,
  until,
  wantedBrowsers,
  withBrowser,
} from './cloudopt';

let web: WebServer;
beforeAll(async () => {
  web = await start();
});
afterAll(() => web.stop());

interface Api {
  readonly chrome: {
    tabs: { query(filter: object): Promise<{ id: number; url?: string }[]> };
    scripting: { executeScript(what: object): Promise<{ result: unknown }[]> };
  };
}

interface Attempt {
  /** Sent by `runtime.sendMessage`; the result is the answer. */
  readonly message?: object;
  /** Name of a port to open; the result is what was heard until the port was cut. */
  readonly port?: string;
  readonly messages?: readonly object[];
}

/** Does as a content script of ours in the page of that host would: what a taken-over renderer can do. */
function asContentScript(ours: Page, host: string, attempt: Attempt): Promise<unknown> {
  return ours.evaluate(
    async (name: string, given: Attempt) => {
      const { tabs, scripting } = (globalThis as unknown as Api).chrome;
      const [tab] = await tabs.query({ url: `*://${name}/*` });
      if (!tab) throw new Error('no such tab');
      const [first] = await scripting.executeScript({
        target: { tabId: tab.id },
        func: ({ message, port, messages }: Attempt) => {
          const { runtime } = (globalThis as unknown as { chrome: { runtime: Runtime } }).chrome;
          interface Runtime {
            sendMessage(message: unknown): Promise<unknown>;
            connect(info: object): {
              postMessage(message: unknown): void;
              onMessage: { addListener(heard: (message: unknown) => void): void };
              onDisconnect: { addListener(heard: () => void): void };
            };
          }
          if (port === undefined) return runtime.sendMessage(message);
          return new Promise((resolve) => {
            const heard: unknown[] = [];
            const opened = runtime.connect({ name: port });
            opened.onMessage.addListener((one) => heard.push(one));
            opened.onDisconnect.addListener(() => resolve(heard));
            for (const one of messages ?? []) opened.postMessage(one);
          });
        },
        args: [given],
      });
      return first?.result;
    },
    host,
    attempt,
  );
}

async function withGrantedSite(browser: Driven): Promise<Page> {
  const options = await browser.open('options.html');
  await grant(browser, options, 'site-insight', { scope: '*://shop.example/*' });
  await browser.open(web.url('shop.example', '/plain'));
  return options;
}

describe.each(wantedBrowsers())('strangers in %s', (name) => {
  test('a content script that pretends to be a page gets nothing and changes nothing', async () => {
    await withBrowser(name, {}, async (browser) => {
      const ours = await withGrantedSite(browser);
      const before = await ledger(ours);
      for (const message of Object.keys(inputs)) {
        const reply = await asContentScript(ours, 'shop.example', { message: { name: message, input: {} } });
        expect(reply, message).toMatchObject({ ok: false, error: 'not-allowed' });
      }
      for (const port of ['stream:ledger', 'stream:records', 'prompt:x', 'anything']) {
        const messages = [{ kind: 'start', input: { purpose: 'export' } }];
        expect(await asContentScript(ours, 'shop.example', { port, messages }), port).toEqual([]);
      }
      expect(await ledger(ours)).toEqual(before);
    });
  });

  test('batches under another grant, another epoch or in another form keep nothing', async () => {
    await withBrowser(name, {}, async (browser) => {
      const ours = await withGrantedSite(browser);
      const [fence] = (await rawRows(ours, 'fences')) as { grantId: string; epoch: number }[];
      const { grantId = '', epoch = 0 } = fence ?? {};
      const hosts = [['evil.example', 3]];
      const wrong = [
        { kind: 'seen', grantId: 'another', epoch, hosts },
        { kind: 'seen', grantId, epoch: epoch + 1, hosts },
        // The last one does not parse: it cuts the connection, which ends the wait.
        { kind: 'seen', grantId, epoch, hosts, more: true },
      ];
      const heard = await asContentScript(ours, 'shop.example', { port: 'site-insight', messages: wrong });
      expect(heard).toEqual([expect.objectContaining({ kind: 'lease', grantId, epoch }), { kind: 'halt' }]);
      expect(await rawRows(ours, 'records')).toEqual([]);
      // The same with nothing wrong is kept: the test can tell.
      const right = [{ kind: 'seen', grantId, epoch, hosts }, { kind: 'nonsense' }];
      await asContentScript(ours, 'shop.example', { port: 'site-insight', messages: right });
      await until(async () => (await rawRows(ours, 'records')).length === 1, 'kept');
    });
  });

  test('a web page reaches no page of ours', async () => {
    await withBrowser(name, {}, async (browser) => {
      const site = await browser.open(web.url('shop.example', '/plain'));
      for (const file of ['options.html', 'prompt.html?capability=site-insight', 'icon/16.png', 'manifest.json']) {
        const fetched = await site.evaluate(
          (url: string) =>
            fetch(url).then(
              () => 'fetched',
              () => 'refused',
            ),
          `${browser.base}/${file}`,
        );
        expect(fetched, file).toBe('refused');
      }
      // As a frame, as a window and as the next page: a prompt that came up would be on record as asked.
      await site.evaluate((url: string) => {
        const frame = document.createElement('iframe');
        frame.src = url;
        document.body.append(frame);
        for (const attempt of [() => window.open(url), () => location.assign(url)]) {
          try {
            attempt();
          } catch {
            // Refused at once: one browser throws, the other shows an error page.
          }
        }
      }, `${browser.base}/prompt.html?capability=site-insight`);
      await site.goto(web.url('shop.example', '/plain?title=After'));
      const options = await browser.open('options.html');
      expect(await ledger(options)).toEqual([]);
    });
  });

  test('a web page that leads to the page for blocked ones gets nothing by it', async () => {
    await withBrowser(name, {}, async (browser) => {
      const site = await browser.open(web.url('shop.example', '/plain'));
      const address = `${browser.base}/blocked.html?list=%3Cscript%3E#let-through`;
      await site.evaluate((url: string) => {
        const frame = document.createElement('iframe');
        frame.src = url;
        document.body.append(frame);
        location.assign(url);
      }, address);
      if (name === 'chromium') {
        // Its address there is a new one each session, which no page can know: the browser's own page of errors comes instead.
        await site.until(() => location.protocol === 'chrome-error:', 'refused');
        expect(await site.count(testid('blocked'))).toBe(0);
        return;
      }
      await site.waitFor(testid('blocked'));
      await site.until(() => document.querySelector('[aria-busy]') === null, 'answered');
      // It stands for no address, so it opens none.
      expect(await site.count(testid('blocked-address'))).toBe(0);
      expect(await site.count(testid('let-through'))).toBe(0);
      await site.click(testid('blocked-leave'));
      await site.until(() => location.hostname === 'shop.example', 'back');
    });
  });

  test('prompt.html with forged parameters asks nothing and says so', async () => {
    await withBrowser(name, {}, async (browser) => {
      const forged = [
        '?capability=account',
        '?capability=__proto__',
        '',
        '?capability=site-insight&scope=*%3A%2F%2F*%2F*',
        '?capability=site-insight&scope=%3Call_urls%3E',
        '?capability=site-insight&scope=*%3A%2F%2F*.com%2F*',
        '?capability=site-insight&scope=https%3A%2F%2Fa.example%3A8080%2F*',
        '?capability=site-insight&scope=javascript%3Aalert(1)',
        '?capability=browsing-time&scope=*%3A%2F%2Fshop.example%2F*',
      ];
      const page = await browser.open('options.html');
      for (const query of forged) {
        await page.goto(`prompt.html${query}`);
        await page.until(() => (document.body.textContent?.trim().length ?? 0) > 20, 'says why');
        expect(await page.count(testid('allow')), query).toBe(0);
      }
      expect(await ledger(page)).toEqual([]);
      expect(await stateOf(page, 'site-insight')).toBe('off');
    });
  });
});
