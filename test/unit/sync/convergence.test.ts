import { describe, expect, it } from 'vitest';
import { decodeDocument } from '../../../utils/sync/document';
import { openDocument } from '../../../utils/sync/envelope';
import type { Got, Provider, Put } from '../../../utils/sync/providers/provider';
import { hostKey } from '../../../utils/sync/settings';
import { type Device, offline, type Place, synced } from './devices';

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * A place that ignores `If-Match`, answers each request after a while of its own, so that writes race, and aborts 15 % of the PUTs:
 * with the old file kept, with a part in its place, or with the answer lost.
 */
function racy(place: Place, random: () => number) {
  const counts = { puts: 0, aborted: 0 };
  const later = async () => {
    for (let ticks = Math.floor(random() * 12); ticks > 0; ticks--) await new Promise((go) => setImmediate(go));
  };
  const provider: Provider = {
    bytesMax: place.bytesMax,
    probe: place.probe,
    delete: place.delete,
    keepDamaged: (name, text) => place.keepDamaged(name, text),
    async get(name): Promise<Got> {
      await later();
      const got = await place.get(name);
      await later();
      return got;
    },
    async put(name, text): Promise<Put> {
      await later();
      counts.puts++;
      const how = random();
      if (how < 0.05) place.write(name, text.slice(0, Math.floor(random() * text.length)));
      else if (how >= 0.1) place.write(name, text);
      await later();
      if (how >= 0.15) return { kind: 'put', tag: null };
      counts.aborted++;
      return offline;
    },
  };
  return { provider, counts };
}

/** Four devices change, delete and set settings while their cycles race; then each has one more cycle. */
async function race(seed: number, through: (provider: Provider) => Provider = (provider) => provider) {
  const random = randomOf(seed);
  const { place, devices, keyring } = await synced(['a', 'b', 'c', 'd']);
  const { provider, counts } = racy(place, random);
  const meant = new Map<string, string | undefined>();
  const one = async (device: Device) => {
    Object.defineProperty(device, 'place', { value: through(provider) });
    device.random = random;
    for (let n = 0; n < 10; n++) {
      const [mine, gone] = [hostKey(`${device.id}${n}.example`), hostKey(`${device.id}${n - 3}.example`)];
      device.set(mine, 'block');
      meant.set(mine, 'block');
      if (n % 4 === 3) {
        device.set(gone, undefined);
        meant.set(gone, undefined);
      }
      device.set(hostKey('all.example'), random() < 0.5 ? 'block' : 'allow');
      await device.cycle();
    }
  };
  await Promise.all(devices.map(one));
  for (const device of devices) {
    Object.defineProperty(device, 'place', { value: place });
    const outcome = await device.cycle();
    expect(outcome).toMatchObject({ kind: 'synced' });
  }
  const opened = await openDocument(place.files.get('settings') ?? '', keyring);
  const read = opened.kind === 'opened' ? decodeDocument(opened.bytes) : undefined;
  const entries = read?.kind === 'document' ? read.document.entries : {};
  const lost = [...meant].filter(([key, value]) => !(key in entries) || entries[key]?.value !== value);
  return { devices, counts, lost, meant };
}

describe('four devices on a racy place that aborts 15 % of the writes', () => {
  it('lose no entry after one idle round, and end with the same settings after the next', async () => {
    let [puts, aborted] = [0, 0];
    for (let seed = 1; seed <= 12; seed++) {
      const { devices, counts, lost, meant } = await race(seed);
      expect([meant.size, lost], `seed ${seed}`).toEqual([40, []]);
      for (const device of devices) await device.cycle();
      for (const device of devices) {
        expect(device.local).toEqual(devices[0]?.local);
        expect(device.state.pending).toEqual({});
      }
      puts += counts.puts;
      aborted += counts.aborted;
    }
    expect(puts).toBeGreaterThan(500);
    expect(aborted / puts).toBeGreaterThan(0.1);
  }, 120_000);

  /** What a cycle without reading back would do. It has to lose, or the race above is none. */
  const credulous = (provider: Provider): Provider => {
    let written: string | undefined;
    return {
      ...provider,
      async get(name) {
        const text = written;
        written = undefined;
        return text === undefined ? provider.get(name) : { kind: 'found', text, tag: null, dateMs: null };
      },
      async put(name, text, onlyIf) {
        if (name === 'settings') written = text;
        await provider.put(name, text, onlyIf);
        return { kind: 'put', tag: null };
      },
    };
  };

  it('would lose entries for a while without reading back: they stand on one device alone', async () => {
    let behind = 0;
    for (let seed = 1; seed <= 3; seed++) {
      const random = randomOf(seed);
      const { place, devices, keyring } = await synced(['a', 'b', 'c', 'd']);
      const { provider } = racy(place, random);
      await Promise.all(
        devices.map(async (device) => {
          Object.defineProperty(device, 'place', { value: credulous(provider) });
          device.set(hostKey(`${device.id}.example`), 'block');
          await device.cycle();
        }),
      );
      const opened = await openDocument(place.files.get('settings') ?? '', keyring);
      const read = opened.kind === 'opened' ? decodeDocument(opened.bytes) : undefined;
      const there = read?.kind === 'document' ? Object.keys(read.document.entries) : [];
      behind += devices.filter(({ id }) => !there.includes(hostKey(`${id}.example`))).length;
    }
    expect(behind).toBeGreaterThan(0);
  });
});
