import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type MetricsRequest, start as startStatistics } from '../servers/otlp';
import { type Certificates, makeCertificates, type Receiver } from '../servers/tls';
import {
  ask,
  type Driven,
  grant,
  held,
  ledger,
  type Page,
  promptUrl,
  stateOf,
  testid,
  until,
  wantedBrowsers,
} from './cloudopt';
import { maySetPolicy, withOrganisation } from './organisation';

const ID = 'usage-statistics';
const HOST = 'reports.example';

let tls: Certificates;
/** Two servers of the organisation, on one host: permissions of the browser know no port. */
let first: Receiver<MetricsRequest>;
let second: Receiver<MetricsRequest>;
beforeAll(async () => {
  tls = makeCertificates([HOST]);
  [first, second] = await Promise.all([startStatistics({ tls }), startStatistics({ tls })]);
});
afterAll(async () => {
  await Promise.all([first.stop(), second.stop()]);
  tls.dispose();
});
beforeEach(() => {
  for (const one of [first, second]) {
    one.respond({ kind: 'ok' });
    one.received.length = 0;
    one.rejected.length = 0;
  }
});

const came = (receiver: Receiver<MetricsRequest>) => receiver.received.length + receiver.rejected.length;
const policyOf = ({ port }: Receiver<MetricsRequest>) => ({
  endpoints: { statistics: { url: `https://${HOST}:${port}/v1/metrics`, place: 'the cellar' } },
});
const within = (name: string) => `${testid(`report-${ID}`)} ${testid(name)}`;

/** What is counted, as the report that is shown of it. */
async function counted(page: Page): Promise<{ text: string; hash: string }> {
  await ask(page, 'usage.count', { name: 'popup.opened' });
  return until(async () => {
    const { reports } = await ask(page, 'reports.get', {});
    const items = reports.find((report) => report.capability === ID)?.items ?? [];
    return items.find((item) => item.state === 'kept' && item.text.includes('popup.opened'));
  }, 'something counted');
}

/** The notice of the prompt and the tables under Policy and Reports name the same server. */
async function named(browser: Driven, page: Page, { port }: Receiver<MetricsRequest>): Promise<void> {
  const server = `https://${HOST}:${port}`;
  const prompt = await browser.open(promptUrl(ID));
  await prompt.waitFor(testid('prompt-destination'));
  const destination = (await prompt.text(testid('prompt-destination'))) ?? '';
  for (const words of [server, 'Your organisation has set this server', 'the cellar'])
    expect(destination).toContain(words);
  await prompt.close();
  await page.goto('options.html#policy');
  await page.waitFor(testid('managed'));
  expect(await page.text(testid('managed'))).toContain(`${HOST}:${port} (the cellar)`);
  expect(await page.text(`${testid('disclosure')}[data-capability="${ID}"]`)).toContain(server);
  await page.goto('options.html#diagnostics');
  await page.waitFor(testid(`report-${ID}`));
  expect(await page.text(testid(`report-${ID}`))).toContain(`${server}/v1/metrics`);
  expect(await page.count(within('report-no-endpoint'))).toBe(0);
}

describe.each(wantedBrowsers())('an organisation’s endpoint in %s', (name) => {
  test.skipIf(!maySetPolicy(name))('is named, sent to once allowed, and ends what was allowed when it moves', () =>
    withOrganisation(name, async (organisation) => {
      const once = async (task: (browser: Driven, page: Page) => Promise<void>) => {
        const browser = await organisation.launch({ trust: { caPem: tls.caPem, cert: tls.cert } });
        try {
          await task(browser, await browser.open('options.html'));
        } finally {
          await browser.close();
        }
      };
      const ended = async (page: Page) => {
        await until(async () => (await stateOf(page, ID)) === 'revoked', 'ended');
        expect((await ledger(page)).at(-1)).toBe('revoked managed *');
        await page.goto('options.html#permissions');
        await page.waitFor(testid('news'));
        expect(await page.text(testid('news'))).toContain('is not the one that you were shown');
      };

      await once(async (browser, page) => {
        await grant(browser, page, ID);
        expect((await held(page)).origins).toEqual([]);
        const { hash } = await counted(page);
        expect(await ask(page, 'reports.send', { capability: ID, hash })).toEqual({ kind: 'no-endpoint' });
      });

      organisation.set(policyOf(first));
      await once(async (browser, page) => {
        await ended(page);
        await named(browser, page, first);
        expect(came(first)).toBe(0);
        await grant(browser, page, ID);
        expect((await held(page)).origins).toEqual([`https://${HOST}/*`]);
        const { hash, text } = await counted(page);
        expect(text).toContain('"asInt":"1"');
        expect(came(first)).toBe(0);
        expect(await ask(page, 'reports.send', { capability: ID, hash })).toEqual({ kind: 'sent' });
        expect(first.rejected).toEqual([]);
        expect(first.received.map((one) => one.body.toString('utf8'))).toEqual([text]);

        // What waits, a rule, and all sites held for something else: the next server gets nothing of it.
        await grant(browser, page, 'site-insight');
        await ask(page, 'reports.configure', { capability: ID, byRule: true });
        first.respond({ kind: 'failure' });
        const more = await counted(page);
        expect(await ask(page, 'reports.send', { capability: ID, hash: more.hash })).toEqual({ kind: 'waiting' });
        await counted(page);
        expect(first.received).toHaveLength(2);
      });

      organisation.set(policyOf(second));
      first.respond({ kind: 'ok' });
      await once(async (browser, page) => {
        await ended(page);
        expect(await stateOf(page, 'site-insight')).toBe('granted');
        expect((await held(page)).origins).toContain('*://*/*');
        const { reports } = await ask(page, 'reports.get', {});
        expect(reports.find((report) => report.capability === ID)).toMatchObject({ live: false, items: [] });
        await named(browser, page, second);
        await grant(browser, page, ID);
        const { hash, text } = await counted(page);
        expect(came(second)).toBe(0);
        expect(await ask(page, 'reports.send', { capability: ID, hash })).toEqual({ kind: 'sent' });
        expect(second.received.map((one) => one.body.toString('utf8'))).toEqual([text]);
      });
      expect(second.rejected).toEqual([]);
      // Until the browser says anew what is set, the last reading holds: what waited may then go where it was to go.
      for (const { body } of first.received.slice(2)) expect(body).toEqual(first.received[1]?.body);
    }),
  );
});
