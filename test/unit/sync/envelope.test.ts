import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { base64url, CompactEncrypt, type CompactJWEHeaderParameters, type GeneralJWE } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Document, encodeDocument } from '../../../utils/sync/document';
import {
  ITERATIONS,
  ITERATIONS_MAX,
  isPassphrase,
  KEYS_FILE_CHARS_MAX,
  type Keyring,
  keyringFromText,
  keyringToText,
  labelOf,
  makePassphrase,
  newestKey,
  newKeyring,
  openDocument,
  openKeyring,
  PAD_BYTES,
  parseRecovery,
  recoveryText,
  rotated,
  sealDocument,
  sealKeyring,
} from '../../../utils/sync/envelope';
import { makeLocalKey, openLocal, sealLocal } from '../../../utils/sync/local-key';
import { NOW } from './samples';

const keyring = newKeyring();
const passphrase = makePassphrase();
const bytes = new TextEncoder().encode('{"a":1}');
let settings: string;
let keys: string;

const sealed = async (plain: Uint8Array, ring = keyring): Promise<string> => {
  const done = await sealDocument(plain, ring);
  if (done.kind !== 'sealed') throw new Error(done.kind);
  return done.text;
};
const changedAt = (text: string, index: number): string =>
  text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1);

beforeAll(async () => {
  settings = await sealed(bytes);
  keys = await sealKeyring(keyring, passphrase);
});

describe('sealed settings', () => {
  it('open with their key, and are compact JWE of direct A256GCM with all that is pinned in the protected header', async () => {
    expect(await openDocument(settings, keyring)).toEqual({ kind: 'opened', bytes, retired: false });
    const [header, key, iv, , tag] = settings.split('.') as [string, string, string, string, string];
    const { kid, epoch } = newestKey(keyring);
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      typ: 'cloudopt-settings',
      doc: 'settings',
      vault: keyring.vault,
      kid,
      epoch,
    });
    expect([key, iv.length, tag.length]).toEqual(['', 16, 22]);
  });

  it('tell by their length only which step they fill', async () => {
    const lengths = await Promise.all([1, 100, 3000].map(async (n) => (await sealed(noise(n))).length));
    expect(new Set(lengths).size).toBe(1);
    expect((await sealed(noise(4093))).length).toBeGreaterThan(lengths[0] as number);
    expect(await sealDocument(noise((PAD_BYTES.at(-1) as number) + 1), keyring)).toEqual({ kind: 'too-large' });
  });

  it('leave room at each step for what the steps are there for', async () => {
    expect((await sealed(noise((PAD_BYTES[2] as number) - 100))).length).toBeLessThanOrEqual(61_440);
    expect((await sealed(noise((PAD_BYTES[3] as number) - 100))).length).toBeLessThanOrEqual(131_072);
  });

  it('are damaged where any character was changed, cut off or added', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(settings.length - 1), fc.nat(2), async (at, how) => {
        const forged = [
          changedAt(settings, at),
          settings.slice(0, at),
          `${settings.slice(0, at)}A${settings.slice(at)}`,
        ];
        const opened = await openDocument(forged[how] as string, keyring);
        // The last digit of base64url carries bits that mean nothing.
        const idle = how === 0 && at === settings.length - 1 && opened.kind === 'opened';
        if (!idle) expect(['damaged', 'unknown-key', 'other-vault']).toContain(opened.kind);
      }),
    );
  });

  const header = () => {
    const { kid, epoch } = newestKey(keyring);
    return { alg: 'dir', enc: 'A256GCM', typ: 'cloudopt-settings', doc: 'settings', vault: keyring.vault, kid, epoch };
  };
  const forged = (more: object, plain = new Uint8Array(64)): Promise<string> =>
    new CompactEncrypt(plain)
      .setProtectedHeader({ ...header(), ...more } as CompactJWEHeaderParameters)
      .encrypt(newestKey(keyring).bytes);

  it.each([
    ['another type', { typ: 'cloudopt-keys' }],
    ['another document', { doc: 'keys' }],
    ['a member too many', { x: 1 }],
    ['an epoch of text', { epoch: '1' }],
  ])('are not ours with %s, even under our key', async (_, more) => {
    expect(await openDocument(await forged(more), keyring)).toEqual({ kind: 'damaged', why: 'not-ours' });
  });

  it('are not ours under another algorithm or another encryption', async () => {
    for (const more of [{ alg: 'A256KW' }, { alg: 'none' }, { enc: 'A128GCM' }, { zip: 'DEF' }]) {
      const [, ...rest] = settings.split('.');
      const text = [base64url.encode(JSON.stringify({ ...header(), ...more })), ...rest].join('.');
      expect(await openDocument(text, keyring)).toEqual({ kind: 'damaged', why: 'not-ours' });
    }
  });

  it('of another vault, of an unknown key and of a swapped epoch are told apart', async () => {
    expect(await openDocument(await forged({ vault: 'other' }), keyring)).toEqual({ kind: 'other-vault' });
    expect(await openDocument(await forged({ kid: 'other' }), keyring)).toEqual({ kind: 'unknown-key', kid: 'other' });
    expect(await openDocument(await forged({ epoch: 2 }), keyring)).toEqual({ kind: 'damaged', why: 'forged' });
    const two = rotated(keyring);
    const swapped = await new CompactEncrypt(new Uint8Array(64))
      .setProtectedHeader({ ...header(), kid: newestKey(two).kid, epoch: 2 } as CompactJWEHeaderParameters)
      .encrypt(newestKey(keyring).bytes);
    expect(await openDocument(swapped, two)).toEqual({ kind: 'damaged', why: 'forged' });
  });

  it('don’t inflate without bound, and say no length that is not there', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const framed = (length: number, content: Uint8Array) => {
      const all = new Uint8Array(4 + content.length);
      new DataView(all.buffer).setUint32(0, length);
      all.set(content, 4);
      return all;
    };
    const inflates = { kind: 'damaged', why: 'inflates' };
    expect(await openDocument(await forged({}, framed(bomb.length, bomb)), keyring)).toEqual(inflates);
    expect(await openDocument(await forged({}, framed(4_000_000_000, bomb.subarray(0, 100))), keyring)).toEqual(
      inflates,
    );
    expect(await openDocument(await forged({}, framed(60, new Uint8Array(60))), keyring)).toEqual(inflates);
    expect(await openDocument(await forged({}, framed(50, bomb.subarray(0, 50))), keyring)).toEqual(inflates);
    expect(await openDocument(await forged({}, new Uint8Array(2)), keyring)).toEqual({
      kind: 'damaged',
      why: 'forged',
    });
    expect((await openDocument('A'.repeat(2_000_000), keyring)).kind).toBe('damaged');
  });
});

describe('the file of keys', () => {
  const open = (text: string, known?: Keyring) => openKeyring(text, { passphrase }, known);

  it('opens by passphrase, however it was typed, and by the recovery key', async () => {
    const opened = { kind: 'opened', keyring };
    expect(await open(keys)).toEqual(opened);
    const typed = ` ${passphrase.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o')}`;
    expect(await openKeyring(keys, { passphrase: typed })).toEqual(opened);
    const recovery = parseRecovery(recoveryText(keyring.recovery)) as Uint8Array;
    expect(await openKeyring(keys, { recovery })).toEqual(opened);
    expect(keys.length).toBeLessThan(2000);
    expect(labelOf(keys)).toEqual({ vault: keyring.vault, epoch: 1 });
  });

  it('opens with nothing else', async () => {
    expect(await openKeyring(keys, { passphrase: makePassphrase() })).toEqual({ kind: 'wrong-secret' });
    expect(await openKeyring(keys, { recovery: newKeyring().recovery })).toEqual({ kind: 'wrong-secret' });
  });

  it('asks for 210,000 iterations, and one that asks for fewer or far more is refused before any is done', async () => {
    const file = JSON.parse(keys) as GeneralJWE;
    expect(file.recipients[0]?.header?.p2c).toBe(ITERATIONS);
    for (const p2c of [1, ITERATIONS - 1, ITERATIONS_MAX + 1, 1e9, -1, 210_000.5, '210000']) {
      const [first, second] = file.recipients;
      const asked = { ...file, recipients: [{ ...first, header: { ...first?.header, p2c } }, second] };
      const before = performance.now();
      expect(await open(JSON.stringify(asked))).toEqual({ kind: 'damaged', why: 'not-ours' });
      expect(performance.now() - before).toBeLessThan(1000);
    }
  });

  it('takes no algorithm, recipient or member from the server', async () => {
    const file = JSON.parse(keys) as GeneralJWE;
    const [first, second] = file.recipients as [GeneralJWE['recipients'][number], GeneralJWE['recipients'][number]];
    const variants: unknown[] = [
      { ...file, recipients: [first] },
      { ...file, recipients: [second, first] },
      { ...file, recipients: [first, second, second] },
      { ...file, recipients: [{ ...first, header: { ...first.header, alg: 'PBES2-HS256+A128KW' } }, second] },
      { ...file, recipients: [{ ...first, header: { ...first.header, zip: 'DEF' } }, second] },
      { ...file, recipients: [{ ...first, header: { ...first.header, p2s: 'AAAA' } }, second] },
      { ...file, recipients: [first, { ...second, header: { alg: 'dir' } }] },
      { ...file, unprotected: { alg: 'A256KW' } },
      { ...file, aad: 'AAAA' },
      { ...file, protected: base64url.encode('{"enc":"A256GCM","typ":"cloudopt-settings","vault":"v","epoch":1}') },
      { ...file, protected: base64url.encode('{"enc":"A128GCM","typ":"cloudopt-keys","vault":"v","epoch":1}') },
    ];
    for (const variant of variants)
      expect(await open(JSON.stringify(variant)), JSON.stringify(variant)).toEqual({
        kind: 'damaged',
        why: 'not-ours',
      });
    expect(await open('<html>')).toEqual({ kind: 'damaged', why: 'no-envelope' });
    expect(await open(settings)).toEqual({ kind: 'damaged', why: 'no-envelope' });
    expect(await open('9'.repeat(KEYS_FILE_CHARS_MAX + 1))).toEqual({ kind: 'damaged', why: 'no-envelope' });
  });

  it('whose label or bytes were changed does not open', async () => {
    const file = JSON.parse(keys) as GeneralJWE;
    const label = base64url.encode(
      JSON.stringify({ enc: 'A256GCM', typ: 'cloudopt-keys', vault: keyring.vault, epoch: 2 }),
    );
    expect(await open(JSON.stringify({ ...file, protected: label }))).toEqual({ kind: 'wrong-secret' });
    expect(await open(JSON.stringify({ ...file, ciphertext: changedAt(file.ciphertext, 5) }))).toEqual({
      kind: 'wrong-secret',
    });
  });

  it('only carries on the keyring that is known', async () => {
    const next = rotated(keyring);
    expect(await open(keys, keyring)).toEqual({ kind: 'opened', keyring });
    expect(await open(keys, next)).toEqual({ kind: 'went-back' });
    expect(await open(keys, newKeyring())).toEqual({ kind: 'other-vault' });
    expect(await open(await sealKeyring(next, passphrase), keyring)).toEqual({ kind: 'opened', keyring: next });
  });

  it('with a new passphrase leaves the recovery key good, and shuts out the old passphrase', async () => {
    const text = await sealKeyring(keyring, 'another passphrase');
    expect((await openKeyring(text, { recovery: keyring.recovery })).kind).toBe('opened');
    expect(await open(text)).toEqual({ kind: 'wrong-secret' });
    expect((await openKeyring(text, { passphrase: 'another passphrase ' })).kind).toBe('opened');
  });
});

describe('a new data key', () => {
  it('opens what the last one sealed, as retired; the one before is gone', async () => {
    const two = rotated(keyring);
    expect(await openDocument(settings, two)).toEqual({ kind: 'opened', bytes, retired: true });
    expect(await openDocument(await sealed(bytes, two), keyring)).toMatchObject({ kind: 'unknown-key' });
    const three = rotated(two);
    expect(await openDocument(settings, three)).toMatchObject({ kind: 'unknown-key' });
    expect(three.keys.map(({ epoch }) => epoch)).toEqual([2, 3]);
    expect([two.recovery, rotated(keyring, 'new').recovery]).not.toEqual([keyring.recovery, keyring.recovery]);
    expect(two.recovery).toEqual(keyring.recovery);
    expect(rotated(keyring, 'new').recovery).not.toEqual(keyring.recovery);
  });
});

describe('what a person writes down', () => {
  it('is a passphrase of 125 random bits, in letters that can’t be mistaken', () => {
    const many = Array.from({ length: 200 }, makePassphrase);
    for (const one of many) expect(one).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}$/);
    expect(new Set(many).size).toBe(200);
    // All 32 digits, each about as often.
    const digits = many.join('').replaceAll('-', '');
    const counts = [...new Set(digits)].map((digit) => digits.split(digit).length - 1);
    expect([counts.length, Math.min(...counts) > 90, Math.max(...counts) < 230]).toEqual([32, true, true]);
  });

  it('may be a choice of twelve characters or more', () => {
    expect(['short', 'elevenchars', '           x', 'twelve chars', '🐎🐎🐎🐎🐎🐎'].map(isPassphrase)).toEqual([
      false,
      false,
      false,
      true,
      false,
    ]);
    expect(isPassphrase('x'.repeat(1001))).toBe(false);
  });

  it('is a recovery key that a slip of the pen does not turn into another', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(55), fc.nat(31), (key, at, digit) => {
        const text = recoveryText(key);
        expect(text).toMatch(/^([0-9A-Z]{4}-){13}[0-9A-Z]{4}$/);
        expect(parseRecovery(text.toLowerCase().replaceAll('-', ' '))).toEqual(key);
        const digits = text.replaceAll('-', '');
        const slip = `${digits.slice(0, at)}${'0123456789ABCDEFGHJKMNPQRSTVWXYZ'[digit]}${digits.slice(at + 1)}`;
        if (slip !== digits) expect(parseRecovery(slip)).toBeUndefined();
        expect(parseRecovery(digits.slice(1))).toBeUndefined();
      }),
    );
  });

  it('comes back from its text in the clear, and only from that', () => {
    expect(keyringFromText(keyringToText(keyring))).toEqual(keyring);
    for (const text of ['', '{}', '[]', keyringToText({ ...keyring, keys: [] })])
      expect(keyringFromText(text)).toBeUndefined();
  });
});

describe('the key of this device', () => {
  it('seals what only it opens, and gives its bytes to nobody', async () => {
    const [key, other] = await Promise.all([makeLocalKey(), makeLocalKey()]);
    const text = await sealLocal(key, 'pässword');
    expect(await openLocal(key, text)).toBe('pässword');
    expect(await openLocal(other, text)).toBeUndefined();
    expect(await openLocal(key, changedAt(text, 20))).toBeUndefined();
    expect(await openLocal(key, '')).toBeUndefined();
    expect(text).not.toBe(await sealLocal(key, 'pässword'));
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
  });
});

describe('the size of a thousand settings', () => {
  it('is below what the places take', async () => {
    const document: Document = { entries: Object.fromEntries(hosts(1000)) };
    const plain = encodeDocument(document);
    const text = await sealed(plain);
    console.log(
      `1,000 hosts: ${plain.length} bytes of JSON, ${gzipSync(plain).length} compressed, ${text.length} sealed`,
    );
    expect(text.length).toBeLessThanOrEqual(61_440);
    expect((await sealed(encodeDocument({ entries: Object.fromEntries(hosts(2500)) }))).length).toBeLessThanOrEqual(
      131_072,
    );
  });
});

/** Incompressible. */
function noise(length: number): Uint8Array {
  const all = new Uint8Array(length);
  for (let from = 0; from < length; from += 65_536) crypto.getRandomValues(all.subarray(from, from + 65_536));
  return all;
}

/** Names as such lists have them, each changed at a time of its own by one of four devices. */
function hosts(count: number): [string, Document['entries'][string]][] {
  const words =
    'ads track pixel metric stat cdn static img beacon click shop news media cloud data web tag sync edge analytics'.split(
      ' ',
    );
  let seed = 7;
  const next = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const letters = (length: number) => Array.from({ length }, () => String.fromCharCode(97 + next(26))).join('');
  const word = () => words[next(words.length)] as string;
  return Array.from({ length: count }, () => {
    const host = `${word()}${next(90)}.${letters(4 + next(8))}-${word()}.${['com', 'net', 'io', 'de', 'co.uk'][next(5)]}`;
    const at = { ms: NOW - next(2_000_000_000), n: 0, by: `Zq3_${next(4)}f8Kd0xW1b2c3` };
    return [`protection.host/${host}`, { at, value: next(3) > 0 ? 'block' : 'allow' }];
  });
}
