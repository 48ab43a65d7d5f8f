/** SHA-256, computed synchronously: awaiting WebCrypto's digest would end an IndexedDB transaction in Firefox. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';

/** SHA-256, as bytes. */
export const bytesHash = (bytes: Uint8Array): Uint8Array => sha256(bytes);

/** SHA-256 (hex) of a text's UTF-8 bytes: of a report, exactly the bytes that are shown and sent. */
export const textHash = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));

/** SHA-256 (hex) of the canonical JSON (RFC 8785) of any JSON value. Throws where the value has none. */
export const hashOf = (value: unknown): string => textHash(canonicalize(value) ?? 'null');
