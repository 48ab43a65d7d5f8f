import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inputs, type MessageName, onlyFrom } from '../../../utils/messages/contract';
import { ClosedError, type Handlers, pageOf, type Sender, serve, type Trust } from '../../../utils/messages/server';
import { good } from './samples';

const trust: Trust = { extensionId: 'ours', origin: 'chrome-extension://ours/' };
const page = (file: string): Sender => ({ id: 'ours', url: `chrome-extension://ours/${file}` });
const names = Object.keys(inputs) as MessageName[];
const senderOf = (name: MessageName): Sender => page(onlyFrom[name]?.[0] ?? 'popup.html');

/** Handlers that write down what reached them. */
function listening(answer: () => Promise<unknown> = async () => 'answered') {
  const heard: { name: string; input: unknown }[] = [];
  const handlers = Object.fromEntries(
    names.map((name) => [
      name,
      (input: unknown) => {
        heard.push({ name, input });
        return answer();
      },
    ]),
  ) as unknown as Handlers;
  return { heard, ask: (message: unknown, sender: Sender) => serve(message, sender, trust, handlers) };
}

describe.each(names)('%s', (name) => {
  const message = { name, input: good[name] };

  test('from the page that may send it reaches its handler, as it was parsed', async () => {
    const { heard, ask } = listening();
    expect(await ask(message, senderOf(name))).toEqual({ ok: true, answer: 'answered' });
    expect(heard).toEqual([message]);
  });

  test.each<[string, Sender]>([
    ['a content script in a web page', { id: 'ours', url: 'https://evil.example/popup.html' }],
    ['a content script that names our page', { id: 'ours', url: 'https://evil.example/#chrome-extension://ours/' }],
    ['another host that begins like ours', { id: 'ours', url: 'chrome-extension://ours.evil.example/popup.html' }],
    ['another extension', { id: 'theirs', url: 'chrome-extension://theirs/popup.html' }],
    ['another extension that names our page', { id: 'theirs', url: 'chrome-extension://ours/popup.html' }],
    ['a web page', { url: 'https://evil.example/' }],
    ['a file', { id: 'ours', url: 'file:///chrome-extension://ours/popup.html' }],
    ['nobody', {}],
    ['our extension without a page', { id: 'ours' }],
  ])('from %s is refused', async (_who, sender) => {
    const { heard, ask } = listening();
    expect(await ask(message, sender)).toMatchObject({ ok: false, error: 'not-allowed' });
    expect(heard).toEqual([]);
  });

  test('from a page of ours that may not send it is refused', async () => {
    const { heard, ask } = listening();
    const allowed = onlyFrom[name];
    const ours = [
      'popup.html',
      'options.html',
      'prompt.html',
      'welcome.html',
      'receipt.html',
      'blocked.html',
      'download.html',
      'sub/prompt.html',
      '',
    ];
    for (const file of ours) {
      const answer = await ask(message, page(file));
      expect(answer.ok, file).toBe(allowed === undefined || allowed.includes(file));
    }
    expect(heard.length).toBe(allowed === undefined ? ours.length : allowed.length);
  });

  test('with any other input is refused, and reaches nobody', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), async (input) => {
        const { heard, ask } = listening();
        const fits = inputs[name].safeParse(input).success;
        const answer = await ask({ name, input }, senderOf(name));
        expect(answer.ok).toBe(fits);
        expect(heard).toHaveLength(fits ? 1 : 0);
        if (!answer.ok) expect(answer.error).toBe('bad-input');
      }),
      { numRuns: 60 },
    );
  });

  test('with a member more is refused', async () => {
    const { ask } = listening();
    const more = { name, input: { ...good[name], more: 1 } };
    expect(await ask(more, senderOf(name))).toMatchObject({ ok: false, error: 'bad-input' });
  });

  test('with any member of another kind is refused', async () => {
    for (const key of Object.keys(good[name])) {
      const { heard, ask } = listening();
      for (const other of [Symbol.iterator, Number.NaN, -1.5, () => 1, [], 'a'.repeat(700)]) {
        const input = { ...good[name], [key]: other };
        if (inputs[name].safeParse(input).success) continue;
        expect(await ask({ name, input }, senderOf(name)), key).toMatchObject({ ok: false, error: 'bad-input' });
      }
      expect(heard).toEqual([]);
    }
  });
});

describe('inputs that look right', () => {
  test.each<[MessageName, object]>([
    ['grants.revoke', { capability: 'constructor', scope: '*' }],
    ['grants.revoke', { capability: 'site-insight', scope: '*://*/*' }],
    ['grants.revoke', { capability: 'site-insight', scope: '<all_urls>' }],
    ['prompts.show', { capability: 'site-insight', scope: '*://*.com/*' }],
    ['prompts.allow', { nonce: '', scope: '*', lifetime: 'hour' }],
    ['prompts.allow', { nonce: 'n'.repeat(65), scope: '*', lifetime: 'hour' }],
    ['prompts.allow', { nonce: 'n', scope: '*', lifetime: 'forever' }],
    ['prompts.decline', { nonce: 'n', answer: 'allow' }],
    ['records.page', { filter: {}, after: null, limit: 251 }],
    ['records.page', { filter: {}, after: null, limit: 0 }],
    ['records.page', { filter: { site: 'https://shop.example/' }, after: null, limit: 1 }],
    ['records.erase', { what: { kind: 'everything' } }],
    ['insight.site', { host: 'shop.example/a' }],
    ['insight.site', { host: 'SHOP.example' }],
    ['time.days', { days: 91 }],
    ['time.days', { days: 1.5 }],
    ['history.notice', { hash: 'A'.repeat(64) }],
    ['clean.site', { host: 'shop.example', port: 65_536 }],
    ['news.dismiss', { upTo: -1 }],
  ])('%s %j is refused', async (name, input) => {
    const { heard, ask } = listening();
    expect(await ask({ name, input }, senderOf(name))).toMatchObject({ ok: false, error: 'bad-input' });
    expect(heard).toEqual([]);
  });
});

describe('what is no message', () => {
  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'state', 'STATE.GET', ''])(
    'of the name %j is refused',
    async (name) => {
      const { heard, ask } = listening();
      expect(await ask({ name, input: {} }, page('popup.html'))).toMatchObject({ ok: false, error: 'bad-input' });
      expect(heard).toEqual([]);
    },
  );

  test('is refused, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (message) => {
        const { heard, ask } = listening();
        expect(await ask(message, page('popup.html'))).toMatchObject({ ok: false, error: 'bad-input' });
        expect(heard).toEqual([]);
      }),
    );
  });
});

describe('a handler that fails', () => {
  const failing = (error: unknown) =>
    listening(() => Promise.reject(error)).ask({ name: 'state.get', input: {} }, page('popup.html'));

  test('says so, and says why', async () => {
    expect(await failing(new Error('disk'))).toEqual({ ok: false, error: 'failed', why: 'disk' });
    expect(await failing(new DOMException('no', 'QuotaExceededError'))).toMatchObject({ ok: false, error: 'failed' });
  });

  test('for want of a database says that', async () => {
    expect(await failing(new ClosedError('none'))).toEqual({ ok: false, error: 'closed', why: 'none' });
  });
});

test('only our own pages have a page’s name', () => {
  expect(pageOf(page('options.html#data'), trust)).toBe('options.html');
  expect(pageOf({ id: 'ours', url: 'https://evil.example/options.html' }, trust)).toBeUndefined();
  expect(pageOf({ id: 'theirs', url: 'chrome-extension://ours/options.html' }, trust)).toBeUndefined();
});
