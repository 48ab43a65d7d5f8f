/** Messages of any shape from anybody, to the background as it ships. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inputs, type MessageName, onlyFrom } from '../../utils/messages/contract';
import type { Sender } from '../../utils/messages/server';
import { FakeBrowser } from '../sim/fake-world';
import { good } from '../unit/messages/samples';
import { hostile, strange, strangeText } from './mutations';
import { runs, TIMEOUT_MS } from './runs';
import { dump, world } from './world';

const names = Object.keys(inputs) as MessageName[];
const pages = ['popup', 'options', 'prompt', 'receipt', 'welcome', 'blocked', 'download'];
const ours = fc
  .tuple(fc.constantFrom(...pages), fc.constantFrom('', '#data', '?capability=site-insight&scope=*'))
  .map(([page, rest]): Sender => ({ id: 'ours', url: `chrome-extension://ours/${page}.html${rest}` }));
/** Our own page but for one thing. */
const almostOurs = ours.chain(({ url = '' }) =>
  fc.constantFrom<Sender>(
    { url },
    { id: 'theirs', url },
    { id: 'OURS', url },
    { id: 'ours ', url, tab: { id: 1, incognito: false } },
    { id: 'ours' },
    { id: 'ours', url: url.replace('//ours/', '//theirs/') },
    { id: 'ours', url: url.replace('//ours/', '//ours.evil.example/') },
    { id: 'ours', url: url.replace('chrome-extension:', 'https:'), tab: { id: 1, incognito: false } },
    { id: 'ours', url: ` ${url}` },
  ),
);
const strangers = fc.oneof(
  { weight: 4, arbitrary: almostOurs },
  { weight: 1, arbitrary: fc.constant<Sender>({}) },
  { weight: 1, arbitrary: fc.webUrl().map((url): Sender => ({ id: 'ours', url, tab: { id: 3 } })) },
);
/** From a stranger, what is well said shows more than what is not. */
const wellSaid = fc.constantFrom(...names).map((name) => ({ name, input: good[name] }));
const message = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...names).chain((name) => hostile({ name, input: good[name] })) },
  { weight: 3, arbitrary: wellSaid },
  { weight: 1, arbitrary: strange },
);
const errors = ['bad-input', 'not-allowed', 'closed', 'failed'];

/** What the message is, judged here and not by the server. */
function mayBeHeard(raw: unknown, sender: Sender): boolean {
  const { name, input } = (typeof raw === 'object' && raw !== null ? raw : {}) as { name?: unknown; input?: unknown };
  if (typeof name !== 'string' || !names.includes(name as MessageName)) return false;
  const own = 'chrome-extension://ours/';
  if (sender.id !== 'ours' || sender.url?.startsWith(own) !== true) return false;
  const page = sender.url.slice(own.length).replace(/[?#].*$/, '');
  if (onlyFrom[name as MessageName]?.includes(page) === false) return false;
  return inputs[name as MessageName].safeParse(input).success;
}

describe('a message', () => {
  test(
    'is answered or refused by name; what is refused changes nothing, and nothing is granted',
    async () => {
      const w = await world();
      const { database } = w.core.openStatus();
      let before = await dump(database);
      await fc.assert(
        fc.asyncProperty(message, fc.oneof(ours, strangers), async (raw, sender) => {
          const answer = await w.ask(raw, sender);
          if (answer.ok) expect(mayBeHeard(raw, sender)).toBe(true);
          else expect(errors).toContain(answer.error);
          const after = await dump(database);
          if (!mayBeHeard(raw, sender)) {
            expect(answer.ok).toBe(false);
            expect(after).toEqual(before);
          } else if (!answer.ok) {
            // What was understood is done, or refused for a reason: nothing of ours may break on it.
            expect(answer).toMatchObject({ error: 'closed' });
          }
          before = after;
          expect(w.core.office.leases()).toEqual([]);
          expect(after.fences?.filter((fence) => (fence as { live: unknown }).live !== false)).toEqual([]);
          expect(w.errors).toEqual([]);
        }),
        runs(300),
      );
    },
    TIMEOUT_MS,
  );

  test(
    'of another page than the prompt grants nothing, though the browser holds and keeps every permission',
    async () => {
      const browser = new FakeBrowser();
      browser.permissions.give({
        permissions: ['tabs', 'idle', 'notifications', 'browsingData', 'downloads', 'webRequest'],
        origins: ['*://*/*'],
        dataCollection: ['technicalAndInteraction'],
      });
      browser.permissions.keepsAll = true;
      const w = await world(browser);
      const elsewhere = ours.filter(({ url }) => url?.includes('prompt') !== true);
      await fc.assert(
        fc.asyncProperty(message, fc.oneof({ weight: 3, arbitrary: elsewhere }, strangers), async (raw, sender) => {
          await w.ask(raw, sender);
          expect(w.core.office.leases()).toEqual([]);
          const fences = await w.core.openStatus().database.getAll('fences');
          expect(fences.filter((fence) => (fence as { live: unknown }).live !== false)).toEqual([]);
        }),
        runs(200),
      );
    },
    TIMEOUT_MS,
  );
});

describe('a stream', () => {
  test(
    'of any name and input ends by name, and changes nothing where it does not parse',
    async () => {
      const w = await world();
      const sample = { filter: { capability: 'site-insight', site: 'shop.example' }, purpose: 'verify' };
      const streamNames = fc.oneof(fc.constantFrom('records', 'ledger', 'consent-records', 'everything'), strangeText);
      await fc.assert(
        fc.asyncProperty(streamNames, hostile(sample), async (name, input) => {
          const before = await dump(w.core.openStatus().database);
          const end = await w.read(name, input);
          expect(['end', 'failed', 'cut']).toContain(end);
          if (end !== 'end') expect(await dump(w.core.openStatus().database)).toEqual(before);
          expect(w.errors).toEqual([]);
        }),
        runs(200),
      );
    },
    TIMEOUT_MS,
  );
});
