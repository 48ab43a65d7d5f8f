/**
 * Four devices that write at the same time through one real server, where 15 % of the writes are cut off, answered to
 * nobody, or never begun: nothing is lost once each has had one more cycle, and the server has seen no setting.
 * Without reading back, the same devices lose.
 * `SEED=123 npx vitest run test/servers/convergence` makes the same picks again; how requests race is the machine's to say.
 */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Exchange } from '../../utils/egress/wire';
import { type Document, decodeDocument } from '../../utils/sync/document';
import { type Keyring, openDocument } from '../../utils/sync/envelope';
import type { Provider } from '../../utils/sync/providers/provider';
import { webdavProvider } from '../../utils/sync/providers/webdav';
import { hostKey } from '../../utils/sync/settings';
import { Device, vault } from '../unit/sync/devices';
import { usual } from '../unit/sync/samples';
import { cutPut } from './cut';
import { authorizationOf, type DavServer, davServers, startDav } from './dav';
import { holding } from './disk';
import { trustedWire } from './wire';

const ROUNDS = 6;
const ABORTED = 0.15;
const CREDULOUS_ROUNDS_MAX = 60;

const trusted = trustedWire();

/** Mulberry32: from 0 up to 1, the same again from the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What lies at a place; `undefined` where it can't be read. */
async function entriesAt(place: Provider, keyring: Keyring): Promise<Document['entries'] | undefined> {
  const got = await place.get('settings');
  const opened = got.kind === 'found' ? await openDocument(got.text, keyring) : undefined;
  const decoded = opened?.kind === 'opened' ? decodeDocument(opened.bytes) : undefined;
  return decoded?.kind === 'document' ? decoded.document.entries : undefined;
}

describe.each(davServers)('four devices through %s', (name) => {
  let server: DavServer;
  let keyring: Keyring;
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  const random = randomFrom(seed);
  let aborted = 0;
  let puts = 0;
  let quiet = false;
  beforeAll(async () => {
    server = await startDav(name, { tls: trusted.tls });
  });
  afterAll(() => server.stop());

  const unreliable =
    (exchange: Exchange): Exchange =>
    async (request) => {
      if (request.method !== 'PUT' || quiet) return exchange(request);
      puts += 1;
      if (random() >= ABORTED) return exchange(request);
      aborted += 1;
      const how = random();
      if (how < 0.5) {
        const { port } = server;
        const path = new URL(request.url).pathname;
        const text = request.body ?? '';
        await cutPut({ port, ca: trusted.tls.caPem, path, authorization: authorizationOf(server), text });
      } else if (how < 0.8) {
        await exchange(request);
      }
      return { kind: 'no-answer' };
    };

  test(`lose nothing, and it learns nothing (seed ${seed})`, async () => {
    console.log(`${name}: seed ${seed}`);
    const made = await vault();
    keyring = made.keyring;
    const place = () =>
      webdavProvider({ ...server, exchange: unreliable(trusted.wire.exchange()), freshName: randomUUID });
    quiet = true;
    const probe = await place().probe();
    expect(probe.kind).toBe('works');
    expect(await place().put('keys', made.keysFile, null)).toMatchObject({ kind: 'put' });
    const honoursIfMatch = probe.kind === 'works' && probe.honoursIfMatch;
    const devices = ['one', 'two', 'three', 'four'].map((id, index) => {
      const device = new Device(id, keyring, place(), { keysFile: made.keysFile, honoursIfMatch });
      device.local = usual;
      device.nowMs = Date.now() + (index - 2) * 90_000;
      device.random = random;
      // Clocks tell whole milliseconds; waiting is done twenty times as fast.
      device.wait = (ms) => {
        device.nowMs = Math.round(device.nowMs);
        return new Promise((resolve) => setTimeout(resolve, ms / 20));
      };
      return device;
    });
    for (const device of devices) expect(await device.cycle()).toMatchObject({ kind: 'synced' });

    quiet = false;
    const expected = new Map<string, 'allow' | 'block' | undefined>();
    const began = performance.now();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const device of devices) {
        for (let n = 0; n < 3; n += 1) {
          const key = hostKey(`${device.id}-${round}-${n}.shop.example`);
          const verdict = random() < 0.5 ? 'allow' : 'block';
          device.set(key, verdict);
          expected.set(key, verdict);
        }
        const earlier = hostKey(`${device.id}-${round - 1}-0.shop.example`);
        if (expected.has(earlier)) {
          device.set(earlier, undefined);
          expected.set(earlier, undefined);
        }
        device.set('protection.badge', random() < 0.5);
        device.nowMs += 1000;
      }
      await Promise.all(devices.map((device) => device.cycle()));
    }

    // One idle round: nothing changes any more, and each has one more cycle.
    quiet = true;
    for (const device of devices) {
      const outcome = await device.cycle();
      expect(outcome.kind, JSON.stringify(outcome)).toBe('synced');
    }
    const entries = await entriesAt(place(), keyring);
    if (!entries) throw new Error('the server holds no document');
    const lost = [...expected].filter(
      ([key, verdict]) => entries[key] === undefined || entries[key]?.value !== verdict,
    );
    expect(lost).toEqual([]);

    // And each of them has what it holds.
    for (const device of devices) await device.cycle();
    for (const { local } of devices) {
      expect(local).toEqual(devices[0]?.local);
      for (const [key, verdict] of expected) expect(local[key], key).toBe(verdict);
    }
    const ms = Math.round(performance.now() - began);
    console.log(
      `${name}: ${expected.size} entries, ${puts} writes, ${aborted} aborted, 0 lost, ${ms} ms (seed ${seed})`,
    );
    expect(puts).toBeGreaterThan(ROUNDS * devices.length);

    const words = ['shop.example', 'protection.', 'badge', '"block"', 'Device one', 'entries'];
    expect(holding(server.folder, words)).toEqual([]);
    writeFileSync(join(server.folder, 'data', 'seen'), Buffer.from('{"protection.badge":true}').toString('base64url'));
    expect(holding(server.folder, words)).toEqual([join(server.folder, 'data', 'seen')]);
  });
});

/** What a cycle without reading back would do: it takes the answer to a PUT for the truth. */
const credulous = (provider: Provider): Provider => {
  let written: string | undefined;
  return {
    ...provider,
    async get(name) {
      const text = name === 'settings' ? written : undefined;
      if (text === undefined) return provider.get(name);
      written = undefined;
      return { kind: 'found', text, tag: null, dateMs: null };
    },
    async put(name, text, onlyIf) {
      const put = await provider.put(name, text, onlyIf);
      if (name === 'settings' && put.kind === 'put') written = text;
      return put;
    },
  };
};

/** Where a write can get lost between those of others; on lighttpd, `If-Match` alone happens to hold. */
const racyServers = davServers.filter((name) => name !== 'lighttpd');

// Each of these has to lose, or the race above is none.
describe.each(racyServers)('without reading back, through %s', (name) => {
  let server: DavServer;
  beforeAll(async () => {
    server = await startDav(name, { tls: trusted.tls });
  });
  afterAll(() => server.stop());

  test('four devices would lose what each of them believes to be there', async () => {
    const { keyring, keysFile } = await vault();
    const place = () => webdavProvider({ ...server, exchange: trusted.wire.exchange(), freshName: randomUUID });
    const probe = await place().probe();
    if (probe.kind !== 'works') throw new Error(JSON.stringify(probe));
    expect(await place().put('keys', keysFile, null)).toMatchObject({ kind: 'put' });
    const { honoursIfMatch } = probe;
    const devices = ['one', 'two', 'three', 'four'].map((id) => {
      const device = new Device(id, keyring, credulous(place()), { keysFile, honoursIfMatch });
      device.local = usual;
      device.wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms / 20));
      return device;
    });
    for (const device of devices) expect(await device.cycle()).toMatchObject({ kind: 'synced' });

    let lost: readonly string[] = [];
    let round = 0;
    for (; lost.length === 0 && round < CREDULOUS_ROUNDS_MAX; round += 1) {
      const racing = devices.map(async (device) => {
        const key = hostKey(`${device.id}-${round}.shop.example`);
        device.set(key, 'block');
        return { key, outcome: await device.cycle() };
      });
      const done = await Promise.all(racing);
      const there = await entriesAt(place(), keyring);
      lost = done
        .filter(({ key, outcome }) => outcome.kind === 'synced' && there?.[key] === undefined)
        .map(({ key }) => key);
    }
    console.log(`${name}: without reading back ${lost.length} lost in round ${round}`);
    expect(lost).not.toEqual([]);
  });
});
