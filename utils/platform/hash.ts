/** SHA-256, computed synchronously: awaiting WebCrypto's digest would end an IndexedDB transaction in Firefox. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';

/** SHA-256, as bytes. */
export const bytesHash = (bytes: Uint8Array): Uint8Array => sha256(bytes);

const encoder = new TextEncoder();
/** Short texts, such as entries of the history, are encoded in here: an array of its own for each costs as much as a third of its hash. */
const scratch = new Uint8Array(4096);
/** A character is three bytes of UTF-8 at most; one of four bytes is two characters. */
const SHORT_CHARS = Math.trunc(scratch.length / 3);

const utf8 = (text: string): Uint8Array =>
  text.length > SHORT_CHARS ? encoder.encode(text) : scratch.subarray(0, encoder.encodeInto(text, scratch).written);

/** SHA-256 (hex) of a text's UTF-8 bytes: of a report, exactly the bytes that are shown and sent. */
export const textHash = (text: string): string => bytesToHex(sha256(utf8(text)));

/** SHA-256 (hex) of the canonical JSON (RFC 8785) of any JSON value. Throws where the value has none. */
export const hashOf = (value: unknown): string => textHash(canonicalize(value) ?? 'null');
