/** Names on the wire that pages need too; the contract's schemas stay with the background. */
import type { CapabilityId } from '../catalogue/catalogue';

/** A hint from the background to open pages that something changed: they ask again. Carries no data. */
export const CHANGED = 'cloudopt:changed';

/** A hint from the background to open pages that another language was picked. */
export const LANGUAGE_CHANGED = 'cloudopt:language';
/** Characters of each text of an error that a page hands over. */
export const FAULT_CHARS_MAX = 8000;

/** Name of the port that a prompt page holds while its question stands. */
export const promptPortName = (nonce: string): string => `prompt:${nonce}`;

/** Name of the Web Lock that a prompt page holds from load. */
export const askingLock = (capability: CapabilityId): string => `asking:${capability}`;
