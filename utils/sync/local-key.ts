/** The key of this device: non-extractable, so that what is sealed with it is of no use off this browser's profile. */
import { base64url } from 'jose';

const IV_BYTES = 12;

/** IndexedDB can hold it; nothing can read its bytes. */
export const makeLocalKey = (): Promise<CryptoKey> =>
  crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);

export async function sealLocal(key: CryptoKey, text: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new TextEncoder().encode(text));
  const all = new Uint8Array(IV_BYTES + sealed.byteLength);
  all.set(iv);
  all.set(new Uint8Array(sealed), IV_BYTES);
  return base64url.encode(all);
}

/** `undefined` where it was not sealed with this key, or was changed. */
export async function openLocal(key: CryptoKey, sealed: string): Promise<string | undefined> {
  try {
    const all = base64url.decode(sealed);
    const [iv, rest] = [all.slice(0, IV_BYTES), all.slice(IV_BYTES)];
    return new TextDecoder().decode(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, rest));
  } catch {
    return undefined;
  }
}
