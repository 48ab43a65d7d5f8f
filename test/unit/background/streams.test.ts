import { describe, expect, test } from 'vitest';
import { scriptConnected } from '../../../utils/background/script-connections';
import { type StreamPort, streams } from '../../../utils/background/streams';
import { ChainVerifier } from '../../../utils/grants/chain';
import { Channel } from '../../../utils/leases/forwarder';
import type { Lease } from '../../../utils/leases/lease';
import { type Background, background, FakeBrowser } from '../../sim/fake-world';
import { grant } from '../../sim/journey';

type Message = { kind: string; items?: string; total?: number; why?: string };

class Port implements StreamPort {
  readonly sent: Message[] = [];
  gone = false;
  /** How often somebody was told that it was cut. */
  told = 0;
  readonly #heard: ((message: unknown) => void)[] = [];
  readonly #closed: (() => void)[] = [];
  #wake: () => void = () => undefined;
  readonly onMessage = {
    addListener: (heard: (message: unknown) => void) => void this.#heard.push(heard),
    removeListener: (heard: (message: unknown) => void) => void this.#heard.splice(this.#heard.indexOf(heard), 1),
  };
  readonly onDisconnect = {
    addListener: (heard: () => void) => void this.#closed.push(heard),
    removeListener: (heard: () => void) => void this.#closed.splice(this.#closed.indexOf(heard), 1),
  };
  get listeners(): number {
    return this.#heard.length + this.#closed.length;
  }
  constructor(
    readonly name: string,
    readonly sender?: { id?: string; tab?: { url?: string; incognito: boolean } },
  ) {}
  postMessage(message: unknown): void {
    if (this.gone) throw new Error('disconnected port');
    // What goes over the wire is a copy of JSON.
    this.sent.push(JSON.parse(JSON.stringify(message)) as Message);
    this.#wake();
  }
  disconnect(): void {
    this.gone = true;
  }
  say(message: unknown): void {
    for (const heard of this.#heard) heard(message);
  }
  close(): void {
    this.gone = true;
    for (const heard of [...this.#closed]) heard();
  }
  /** The next message that comes. */
  async next(count: number): Promise<Message | undefined> {
    while (this.sent.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.sent[count - 1];
  }
}

async function world() {
  const browser = new FakeBrowser();
  const it = background(browser);
  const started = it.core.start();
  const streamed = streams(it.core, started);
  await started;
  return { browser, it, streamed, started };
}
const kinds = async ({ core }: Background) =>
  ((await core.openStatus().database.getAll('ledger')) as { kind: string }[]).map((entry) => entry.kind);

/** Takes every chunk as a page does. */
async function taken(port: Port): Promise<{ items: unknown[]; last: Message; chunks: number }> {
  const items: unknown[] = [];
  for (let n = 1; ; n += 1) {
    const message = (await port.next(n)) as Message;
    if (message.kind !== 'chunk') return { items, last: message, chunks: n - 1 };
    items.push(...(JSON.parse(message.items ?? '') as unknown[]));
    port.say({ kind: 'next' });
  }
}

describe('a stream', () => {
  test('of the ledger brings every entry, and an export is written down after the last', async () => {
    const { browser, it, streamed } = await world();
    await grant(browser, it, 'notifications');
    const port = new Port('stream:ledger');
    streamed(port);
    port.say({ kind: 'start', input: { purpose: 'export' } });
    const { items, last } = await taken(port);
    expect(last).toEqual({ kind: 'end', total: 2 });
    const verifier = new ChainVerifier();
    verifier.add(items);
    expect(verifier.verdict()).toMatchObject({ kind: 'intact', entries: 2 });
    expect(await kinds(it)).toEqual(['asked', 'granted', 'exported']);
  });

  test('for verification leaves no trace', async () => {
    const { browser, it, streamed } = await world();
    await grant(browser, it, 'notifications');
    const port = new Port('stream:ledger');
    streamed(port);
    port.say({ kind: 'start', input: { purpose: 'verify' } });
    await taken(port);
    expect(await kinds(it)).toEqual(['asked', 'granted']);
  });

  test('of records goes in chunks of less than a megabyte, each when it is asked for', async () => {
    const { browser, it, streamed } = await world();
    await grant(browser, it, 'browsing-time');
    const { database } = it.core.openStatus();
    const transaction = database.transaction('records', 'readwrite');
    for (let n = 0; n < 6000; n += 1) {
      transaction.store.put({
        id: `r${String(n).padStart(6, '0')}`,
        capability: 'browsing-time',
        scope: '*',
        grantId: 'g',
        epoch: 1,
        atMs: 1_800_000_000_000,
        site: 'a.example',
        day: '2027-01-15',
        attentionMs: 1,
      });
    }
    await transaction.done;
    const port = new Port('stream:records');
    streamed(port);
    port.say({ kind: 'start', input: { filter: {}, purpose: 'export' } });
    await port.next(1);
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(port.sent).toHaveLength(1);
    const { items, last, chunks } = await taken(port);
    expect(last).toEqual({ kind: 'end', total: 6000 });
    expect(items).toHaveLength(6000);
    expect(chunks).toBeGreaterThan(1);
    for (const message of port.sent) expect(JSON.stringify(message).length).toBeLessThan(1024 * 1024);
  });

  test('of consent records has one for each grant, with its notice and its events', async () => {
    const { browser, it, streamed } = await world();
    await grant(browser, it, 'notifications');
    await it.core.revoke('notifications', '*');
    const port = new Port('stream:consent-records');
    streamed(port);
    port.say({ kind: 'start', input: { purpose: 'export' } });
    const { items } = await taken(port);
    expect(items).toMatchObject([
      {
        capability: 'notifications',
        state: 'revoked',
        notice: { capability: 'notifications' },
        events: [{ kind: 'asked' }, { kind: 'granted' }, { kind: 'revoked' }],
      },
    ]);
  });

  test('that a page leaves ends, and is no export', async () => {
    const { browser, it, streamed } = await world();
    await grant(browser, it, 'notifications');
    const port = new Port('stream:ledger');
    streamed(port);
    port.say({ kind: 'start', input: { purpose: 'export' } });
    await port.next(1);
    expect(port.listeners).toBe(2);
    port.close();
    expect(port.listeners).toBe(0);
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(await kinds(it)).toEqual(['asked', 'granted']);
    expect(it.errors).toEqual([]);
  });

  test.each([
    ['records', { purpose: 'export' }],
    ['records', { filter: { site: 'no host' }, purpose: 'export' }],
    ['ledger', { purpose: 'theft' }],
    ['consent-records', undefined],
  ])('%s of %j is refused', async (name, input) => {
    const { it, streamed } = await world();
    const port = new Port(`stream:${name}`);
    streamed(port);
    port.say({ kind: 'start', input });
    expect((await port.next(1))?.kind).toBe('failed');
    expect(await kinds(it)).toEqual([]);
  });

  test.each(['constructor', '__proto__', 'uses', ''])('named %j is cut', async (name) => {
    const { streamed } = await world();
    const port = new Port(`stream:${name}`);
    streamed(port);
    expect(port.gone).toBe(true);
  });

  test('is started once, and by nothing but a start', async () => {
    const { streamed } = await world();
    const port = new Port('stream:ledger');
    streamed(port);
    for (const noise of [undefined, null, 7, 'start', { kind: 'next' }]) port.say(noise);
    expect(port.sent).toEqual([]);
    port.say({ kind: 'start', input: { purpose: 'verify' } });
    port.say({ kind: 'start', input: { purpose: 'export' } });
    expect(await port.next(1)).toEqual({ kind: 'end', total: 0 });
  });
});

describe('a content script’s connection', () => {
  async function connecting(sender: ConstructorParameters<typeof Port>[1]) {
    const w = await world();
    await grant(w.browser, w.it, 'site-insight', { scope: '*://shop.example/*' });
    const connected = new Channel<[Lease, { readonly site: string }]>();
    const heard: { site: string; scope: string }[] = [];
    connected.add((lease, { site }) => heard.push({ site, scope: lease.scope }));
    const port = new Port('site-insight', sender);
    const { core } = w.it;
    scriptConnected(port, {
      core,
      started: w.started,
      extensionId: 'ours',
      connected: connected as never,
      closed: () => {
        port.told += 1;
      },
      report: (error) => w.it.errors.push(error),
    });
    await new Promise((resolve) => setImmediate(resolve));
    return { heard, port };
  }
  const tab = (url: string | undefined, incognito = false) => ({ ...(url === undefined ? {} : { url }), incognito });

  test('from a granted site is heard, under the name that the browser gives it', async () => {
    const { heard } = await connecting({ id: 'ours', tab: tab('https://shop.example/a') });
    expect(heard).toEqual([{ site: 'shop.example', scope: '*://shop.example/*' }]);
  });

  test('is let go of when it closes: Firefox keeps a port that somebody listens to', async () => {
    const { port } = await connecting({ id: 'ours', tab: tab('https://shop.example/a') });
    expect(port.listeners).toBe(2);
    port.close();
    expect(port.listeners).toBe(0);
  });

  test.each<[string, ConstructorParameters<typeof Port>[1]]>([
    ['another site', { id: 'ours', tab: tab('https://evil.example/') }],
    ['a private window', { id: 'ours', tab: tab('https://shop.example/', true) }],
    ['a granted frame in a page that is not', { id: 'ours', tab: tab(undefined) }],
    ['another extension', { id: 'theirs', tab: tab('https://shop.example/') }],
    ['no tab', { id: 'ours' }],
    ['nobody', undefined],
  ])('from %s is told to stop, and cut', async (_who, sender) => {
    const { heard, port } = await connecting(sender);
    expect(heard).toEqual([]);
    expect(port.sent).toEqual([{ kind: 'halt' }]);
    expect(port.gone).toBe(true);
    expect(port.told).toBe(1);
    expect(port.listeners).toBe(0);
  });
});
