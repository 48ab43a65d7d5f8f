/** The row of protection's settings, which two capabilities change: apart, since pages do without the schema. */
import * as z from 'zod/mini';
import { OWN_HOSTS_MAX, type ProtectionSettings, usualProtection } from './lists';
import { host, ms, readRow } from './shapes';

export const PROTECTION_KEY = 'protection';

const hosts = z.array(host).check(z.maxLength(OWN_HOSTS_MAX));
const protectionRow = z.strictObject({
  key: z.literal(PROTECTION_KEY),
  lists: z.strictObject({ ads: z.boolean(), tracking: z.boolean(), malicious: z.boolean(), phishing: z.boolean() }),
  allow: hosts,
  block: hosts,
  pauses: z.array(z.strictObject({ host, untilMs: ms })).check(z.maxLength(OWN_HOSTS_MAX)),
  badge: z.boolean(),
});

/** The usual where nothing was chosen, or where what stands there can't be read. */
export function protectionOf(raw: unknown): ProtectionSettings {
  const row = readRow(protectionRow, raw);
  if (!row) return usualProtection;
  const { key: _, ...settings } = row;
  return settings;
}

export const protectionRowOf = (settings: ProtectionSettings) => ({ key: PROTECTION_KEY, ...settings });
