/**
 * What leaves the device is sealed here: two files, as JWE (RFC 7516). Nothing that a server could have put into them is believed
 * before it was compared with what this device knows; a file is opened in the one way in which it is sealed.
 */
import { base64url, CompactEncrypt, compactDecrypt, errors, GeneralEncrypt, generalDecrypt } from 'jose';
import * as z from 'zod/mini';
import { bytesHash } from '../platform/hash';
import { invariant } from '../platform/invariant';
import { DOCUMENT_BYTES_MAX } from './document';

export interface DataKey {
  readonly kid: string;
  /** One more with each new key. */
  readonly epoch: number;
  /** 256 bits. */
  readonly bytes: Uint8Array;
}

export interface Keyring {
  readonly vault: string;
  /** Oldest first: the newest one seals; the one before it still opens what was sealed before the last change of keys. */
  readonly keys: readonly DataKey[];
  /** 256 bits. In here, so that a new passphrase leaves a printed recovery key good. */
  readonly recovery: Uint8Array;
}

/** Iterations of PBKDF2-HMAC-SHA-512: what we ask for, the least, and the most that a file may ask of a device. */
export const ITERATIONS = 210_000;
export const ITERATIONS_MAX = 1_000_000;
export const PASSPHRASE_CHARS_MIN = 12;
const PASSPHRASE_CHARS_MAX = 1000;
/** Sealed, a document has one of these sizes: which settings it holds can't be told from how long it is. */
export const PAD_BYTES = [4, 16, 44, 94, 188, 376, 752].map((kib) => kib * 1024);
export const KEYS_FILE_CHARS_MAX = 16_384;
const SETTINGS_FILE_CHARS_MAX = 1_100_000;
const LENGTH_BYTES = 4;
const KEY_BYTES = 32;
const KEYS_MAX = 2;

const DIR = 'dir';
const GCM = 'A256GCM';
const PASSPHRASE_ALG = 'PBES2-HS512+A256KW';
const RECOVERY_ALG = 'A256KW';
const SETTINGS_TYPE = 'cloudopt-settings';
const KEYS_TYPE = 'cloudopt-keys';

const name = z.string().check(z.regex(/^[\w-]{1,64}$/));
const epoch = z.number().check(z.int(), z.positive(), z.maximum(1_000_000));

// ------------------------------------------------------------------------------------------------------------- settings

const settingsHeader = z.strictObject({
  alg: z.literal(DIR),
  enc: z.literal(GCM),
  typ: z.literal(SETTINGS_TYPE),
  doc: z.literal('settings'),
  vault: name,
  kid: name,
  epoch,
});

export const newestKey = ({ keys }: Keyring): DataKey => {
  const newest = keys.at(-1);
  invariant(newest, 'a keyring has a key');
  return newest;
};

export type Sealed = { kind: 'sealed'; text: string } | { kind: 'too-large' };

/** The document's bytes as a compact JWE, compressed and padded. */
export async function sealDocument(bytes: Uint8Array, keyring: Keyring): Promise<Sealed> {
  const packed = await through(bytes, new CompressionStream('gzip'), Number.POSITIVE_INFINITY);
  invariant(packed, 'what is not bounded fits');
  const size = PAD_BYTES.find((step) => LENGTH_BYTES + packed.length <= step);
  if (size === undefined || bytes.length > DOCUMENT_BYTES_MAX) return { kind: 'too-large' };
  const padded = new Uint8Array(size);
  new DataView(padded.buffer).setUint32(0, packed.length);
  padded.set(packed, LENGTH_BYTES);
  const { kid, epoch, bytes: key } = newestKey(keyring);
  const text = await new CompactEncrypt(padded)
    .setProtectedHeader({ alg: DIR, enc: GCM, typ: SETTINGS_TYPE, doc: 'settings', vault: keyring.vault, kid, epoch })
    .encrypt(key);
  return { kind: 'sealed', text };
}

export type OpenedDocument =
  /** `retired`: sealed with a key that was replaced. Whoever was removed still has that one. */
  | { kind: 'opened'; bytes: Uint8Array; retired: boolean }
  /** Sealed with a key that this device does not have: it was replaced elsewhere. */
  | { kind: 'unknown-key'; kid: string }
  | { kind: 'other-vault' }
  | { kind: 'damaged'; why: 'no-envelope' | 'not-ours' | 'forged' | 'inflates' };

export async function openDocument(text: string, keyring: Keyring): Promise<OpenedDocument> {
  const header =
    text.length > SETTINGS_FILE_CHARS_MAX ? undefined : readHeader(text.slice(0, Math.max(0, text.indexOf('.'))));
  if (header === undefined) return { kind: 'damaged', why: 'no-envelope' };
  const parsed = settingsHeader.safeParse(header);
  if (!parsed.success) return { kind: 'damaged', why: 'not-ours' };
  const { vault, kid, epoch } = parsed.data;
  if (vault !== keyring.vault) return { kind: 'other-vault' };
  const key = keyring.keys.find((one) => one.kid === kid);
  if (!key) return { kind: 'unknown-key', kid };
  if (epoch !== key.epoch) return { kind: 'damaged', why: 'forged' };
  const padded = await decrypted(() =>
    compactDecrypt(text, key.bytes, {
      keyManagementAlgorithms: [DIR],
      contentEncryptionAlgorithms: [GCM],
      maxDecompressedLength: 0,
    }),
  );
  if (!padded || padded.length < LENGTH_BYTES) return { kind: 'damaged', why: 'forged' };
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  if (length > padded.length - LENGTH_BYTES) return { kind: 'damaged', why: 'inflates' };
  const packed = padded.slice(LENGTH_BYTES, LENGTH_BYTES + length);
  const bytes = await through(packed, new DecompressionStream('gzip'), DOCUMENT_BYTES_MAX);
  return bytes ? { kind: 'opened', bytes, retired: key !== newestKey(keyring) } : { kind: 'damaged', why: 'inflates' };
}

/** All that comes out of the stream; `undefined` where that is more than `bytesMax`, or the stream can't take the bytes. */
async function through(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const writer = stream.writable.getWriter();
  // Whatever keeps the bytes from going in shows on the side where they come out.
  Promise.all([writer.write(new Uint8Array(bytes)), writer.close()]).catch(() => undefined);
  const reader = stream.readable.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.length;
      if (length > bytesMax) {
        await reader.cancel();
        return undefined;
      }
      parts.push(part.value);
    }
  } catch {
    return undefined;
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function readHeader(encoded: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(base64url.decode(encoded)));
  } catch {
    return undefined;
  }
}

/** The plaintext, or `undefined` where the key is not the right one or a byte was changed. */
async function decrypted(decrypt: () => Promise<{ plaintext: Uint8Array }>): Promise<Uint8Array | undefined> {
  try {
    return (await decrypt()).plaintext;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

// ----------------------------------------------------------------------------------------------------------------- keys

/** `epoch`: of the newest key. */
const keysHeader = z.strictObject({ enc: z.literal(GCM), typ: z.literal(KEYS_TYPE), vault: name, epoch });
const encoded = z.string().check(z.regex(/^[\w-]+$/), z.maxLength(KEYS_FILE_CHARS_MAX));
const wrapped = z.string().check(z.regex(/^[\w-]{54}$/));
const keysFile = z.strictObject({
  protected: encoded,
  iv: encoded,
  ciphertext: encoded,
  tag: encoded,
  recipients: z.tuple([
    z.strictObject({
      encrypted_key: wrapped,
      header: z.strictObject({
        alg: z.literal(PASSPHRASE_ALG),
        p2c: z.number().check(z.int(), z.minimum(ITERATIONS), z.maximum(ITERATIONS_MAX)),
        p2s: z.string().check(z.regex(/^[\w-]{22,86}$/)),
      }),
    }),
    z.strictObject({ encrypted_key: wrapped, header: z.strictObject({ alg: z.literal(RECOVERY_ALG) }) }),
  ]),
});

const bytes256 = z.string().check(z.regex(/^[\w-]{43}$/));
const keyringText = z.strictObject({
  vault: name,
  keys: z.array(z.strictObject({ kid: name, epoch, key: bytes256 })).check(z.minLength(1), z.maxLength(KEYS_MAX)),
  recovery: bytes256,
});

/** A keyring as text in the clear: for the key of this device to seal, and for what {@link sealKeyring} seals. */
export const keyringToText = ({ vault, keys, recovery }: Keyring): string =>
  JSON.stringify({
    vault,
    keys: keys.map(({ kid, epoch, bytes }) => ({ kid, epoch, key: base64url.encode(bytes) })),
    recovery: base64url.encode(recovery),
  } satisfies z.infer<typeof keyringText>);

export function keyringFromText(text: string): Keyring | undefined {
  const parsed = keyringText.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { vault, keys, recovery } = parsed.data;
  return {
    vault,
    keys: keys.map(({ kid, epoch, key }) => ({ kid, epoch, bytes: base64url.decode(key) })),
    recovery: base64url.decode(recovery),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The keyring as a general JWE that the passphrase opens, and the recovery key that is in it. */
export async function sealKeyring(keyring: Keyring, passphrase: string): Promise<string> {
  const sealed = await new GeneralEncrypt(utf8(keyringToText(keyring)))
    .setProtectedHeader({ enc: GCM, typ: KEYS_TYPE, vault: keyring.vault, epoch: newestKey(keyring).epoch })
    .addRecipient(utf8(asOne(passphrase)))
    .setUnprotectedHeader({ alg: PASSPHRASE_ALG })
    .setKeyManagementParameters({ p2c: ITERATIONS })
    .addRecipient(keyring.recovery)
    .setUnprotectedHeader({ alg: RECOVERY_ALG })
    .encrypt();
  return JSON.stringify(sealed);
}

/** What a file of keys says that it is; `undefined` where it is none. Nothing vouches for that before the file is opened. */
export function labelOf(text: string): { readonly vault: string; readonly epoch: number } | undefined {
  const file = text.length > KEYS_FILE_CHARS_MAX ? undefined : keysFile.safeParse(parseJson(text));
  const header = file?.success ? keysHeader.safeParse(readHeader(file.data.protected)) : undefined;
  return header?.success ? { vault: header.data.vault, epoch: header.data.epoch } : undefined;
}

export type KeyringSecret = { readonly passphrase: string } | { readonly recovery: Uint8Array };
export type OpenedKeyring =
  | { kind: 'opened'; keyring: Keyring }
  /** Or the sealed bytes were changed: the two can't be told apart. */
  | { kind: 'wrong-secret' }
  /** Not the vault of `known`. */
  | { kind: 'other-vault' }
  /** Lacks the newest key of `known`: a copy from before the last change of keys. */
  | { kind: 'went-back' }
  | { kind: 'damaged'; why: 'no-envelope' | 'not-ours' };

/** `known`: the keyring that this device has already; a file may only carry it on. */
export async function openKeyring(text: string, secret: KeyringSecret, known?: Keyring): Promise<OpenedKeyring> {
  const raw = text.length > KEYS_FILE_CHARS_MAX ? undefined : parseJson(text);
  if (typeof raw !== 'object' || raw === null) return { kind: 'damaged', why: 'no-envelope' };
  const file = keysFile.safeParse(raw);
  const label = labelOf(text);
  if (!file.success || !label) return { kind: 'damaged', why: 'not-ours' };
  if (known && label.vault !== known.vault) return { kind: 'other-vault' };
  const [byPassphrase, byRecovery] = file.data.recipients;
  const [recipient, key] =
    'passphrase' in secret ? [byPassphrase, utf8(asOne(secret.passphrase))] : [byRecovery, secret.recovery];
  const plaintext = await decrypted(() =>
    generalDecrypt({ ...file.data, recipients: [recipient] }, key, {
      keyManagementAlgorithms: [recipient.header.alg],
      contentEncryptionAlgorithms: [GCM],
      maxPBES2Count: ITERATIONS_MAX,
      maxDecompressedLength: 0,
    }),
  );
  if (!plaintext) return { kind: 'wrong-secret' };
  const keyring = keyringFromText(new TextDecoder().decode(plaintext));
  if (keyring?.vault !== label.vault || newestKey(keyring).epoch !== label.epoch)
    return { kind: 'damaged', why: 'not-ours' };
  if (known && label.epoch < newestKey(known).epoch) return { kind: 'went-back' };
  return { kind: 'opened', keyring };
}

// ----------------------------------------------------------------------------------------------------------- new secrets

const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
const freshName = (): string => base64url.encode(random(12));
const dataKey = (epoch: number): DataKey => ({ kid: freshName(), epoch, bytes: random(KEY_BYTES) });

export const newKeyring = (): Keyring => ({ vault: freshName(), keys: [dataKey(1)], recovery: random(KEY_BYTES) });

/** A new data key on top. `recovery: 'new'` where somebody who had the keyring is to be shut out: they know the old one. */
export function rotated(keyring: Keyring, recovery: 'keep' | 'new' = 'keep'): Keyring {
  const newest = newestKey(keyring);
  return {
    ...keyring,
    keys: [newest, dataKey(newest.epoch + 1)],
    recovery: recovery === 'new' ? random(KEY_BYTES) : keyring.recovery,
  };
}

/** Crockford's base32: no letter that reads as a digit or as another. */
const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const PASSPHRASE_DIGITS = 25;
const RECOVERY_DIGITS = 52;
const CHECK_DIGITS = 4;

const groups = (digits: string, length: number): string =>
  (digits.match(new RegExp(`.{1,${length}}`, 'g')) ?? []).join('-');
/** As somebody may have typed it, as it was meant. */
const digitsOf = (typed: string): string =>
  typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
const isBase32 = (digits: string, length: number): boolean =>
  digits.length === length && [...digits].every((one) => BASE32.includes(one));

function toBase32(bytes: Uint8Array, digits: number): string {
  let bits = [...bytes].reduce((all, byte) => (all << 8n) | BigInt(byte), 0n) << BigInt(digits * 5 - bytes.length * 8);
  let text = '';
  for (let n = 0; n < digits; n++, bits >>= 5n) text = `${BASE32[Number(bits & 31n)]}${text}`;
  return text;
}

/** 125 random bits, in five groups of five. */
export function makePassphrase(): string {
  const digits = [...random(PASSPHRASE_DIGITS)].map((byte) => BASE32[byte % 32]);
  return groups(digits.join(''), 5);
}

/** Whether somebody's own choice is long enough. */
export const isPassphrase = (raw: string): boolean => {
  const { length } = [...asOne(raw)];
  return length >= PASSPHRASE_CHARS_MIN && length <= PASSPHRASE_CHARS_MAX;
};

/** One spelling of a passphrase: a made one may be typed with or without its dashes, in small letters, with O for 0. */
function asOne(passphrase: string): string {
  const digits = digitsOf(passphrase);
  return isBase32(digits, PASSPHRASE_DIGITS) ? digits : passphrase.normalize('NFKC').trim();
}

const checkOf = (digits: string): string =>
  toBase32(bytesHash(utf8(digits)).slice(0, 3), CHECK_DIGITS + 1).slice(0, CHECK_DIGITS);

/** For paper: fourteen groups of four, the last of which checks the others. */
export function recoveryText(bytes: Uint8Array): string {
  const digits = toBase32(bytes, RECOVERY_DIGITS);
  return groups(digits + checkOf(digits), 4);
}

/** `undefined`: mistyped, or no recovery key. */
export function parseRecovery(typed: string): Uint8Array | undefined {
  const all = digitsOf(typed);
  const digits = all.slice(0, RECOVERY_DIGITS);
  if (!isBase32(all, RECOVERY_DIGITS + CHECK_DIGITS) || checkOf(digits) !== all.slice(RECOVERY_DIGITS))
    return undefined;
  let bits = [...digits].reduce((all, digit) => (all << 5n) | BigInt(BASE32.indexOf(digit)), 0n) >> 4n;
  const bytes = new Uint8Array(KEY_BYTES);
  for (let at = KEY_BYTES - 1; at >= 0; at--, bits >>= 8n) bytes[at] = Number(bits & 255n);
  return bytes;
}
