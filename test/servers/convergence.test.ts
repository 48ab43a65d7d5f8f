/**
 * Four devices that write at the same time through one real server, where 15 % of the writes are cut off, answered to
 * nobody, or never begun: nothing is lost once each has had one more cycle, and the server has seen no setting.
 * `SEED=123 npx vitest run test/servers/convergence` makes the same picks again; how requests race is the machine's to say.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Exchange } from '../../utils/egress/wire';
import { decodeDocument } from '../../utils/sync/document';
import { type Keyring, openDocument } from '../../utils/sync/envelope';
import { webdavProvider } from '../../utils/sync/providers/webdav';
import { hostKey } from '../../utils/sync/settings';
import { Device, vault } from '../unit/sync/devices';
import { usual } from '../unit/sync/samples';
import { cutPut } from './cut';
import { authorizationOf, type DavServer, davServers, startDav } from './dav';
import { type Certificates, makeCertificates } from './tls';
import { type Wire, wireTrusting } from './wire';

const ROUNDS = 6;
const ABORTED = 0.15;

let tls: Certificates;
let wire: Wire;
beforeAll(async () => {
  tls = makeCertificates(['localhost']);
  wire = await wireTrusting(tls.caPem);
});
afterAll(async () => {
  await wire.close();
  tls.dispose();
});

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

/** Files of a folder that hold any of these words, as they are or packed into base64url. */
function holding(folder: string, words: readonly string[]): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file));
  return files.filter((file) => {
    if (!statSync(file).isFile()) return false;
    const text = readFileSync(file, 'latin1');
    const unpacked = text.split(/[^\w-]+/).map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    return [text, ...unpacked].some((one) => words.some((word) => one.includes(word)));
  });
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
    server = await startDav(name, { tls });
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
        await cutPut({ port, ca: tls.caPem, path, authorization: authorizationOf(server), text });
      } else if (how < 0.8) {
        await exchange(request);
      }
      return { kind: 'no-answer' };
    };

  test(`lose nothing, and it learns nothing (seed ${seed})`, async () => {
    console.log(`${name}: seed ${seed}`);
    const made = await vault();
    keyring = made.keyring;
    const place = () => webdavProvider({ ...server, exchange: unreliable(wire.exchange()), freshName: randomUUID });
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
    const got = await place().get('settings');
    const opened = got.kind === 'found' ? await openDocument(got.text, keyring) : got;
    const decoded = opened.kind === 'opened' ? decodeDocument(opened.bytes) : opened;
    if (decoded.kind !== 'document') throw new Error(`the server holds no document: ${JSON.stringify(decoded)}`);
    const { entries } = decoded.document;
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
