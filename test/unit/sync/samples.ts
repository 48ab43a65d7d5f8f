/** Settings, stamps and documents at random, and a device with its state in memory. */
import * as fc from 'fast-check';
import type { Stamp } from '../../../utils/sync/clock';
import type { Document, Entry, Json } from '../../../utils/sync/document';
import { type Keyring, keyringToText, newKeyring } from '../../../utils/sync/envelope';
import type { LocalSettings } from '../../../utils/sync/settings';
import { newState, type SyncState } from '../../../utils/sync/state';

export const NOW = Date.UTC(2026, 10, 24);
export const YEAR_MS = 365 * 86_400_000;

export const usual: LocalSettings = {
  'protection.badge': true,
  'protection.list/ads': true,
  'protection.list/tracking': true,
  'protection.list/malicious': true,
  'protection.list/phishing': true,
};

export const anyStamp: fc.Arbitrary<Stamp> = fc.record({
  ms: fc.oneof(fc.integer({ min: NOW - 5, max: NOW + 5 }), fc.integer({ min: 0, max: NOW + 2 * YEAR_MS })),
  n: fc.integer({ min: 0, max: 3 }),
  by: fc.constantFrom('a', 'b', 'c'),
});

export const anyJson: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;

export const anyEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ at: anyStamp }),
  fc.record({ at: anyStamp, value: fc.oneof(fc.constantFrom<Json>(true, false, 'allow', 'block'), anyJson) }),
);

const keys = [
  'protection.badge',
  'protection.list/ads',
  'protection.host/a.example',
  'protection.host/b.example',
  'later.setting/x',
  'constructor',
  '__proto__',
];

export const anyDocument: fc.Arbitrary<Document> = fc
  .array(fc.tuple(fc.constantFrom(...keys), anyEntry), { maxLength: 8 })
  .map((entries) => ({ entries: Object.fromEntries(entries) }));

export const at = (ms: number, by = 'other', n = 0): Stamp => ({ ms, n, by });
export const entry = (value: Json | undefined, ms: number, by = 'other', n = 0): Entry =>
  value === undefined ? { at: at(ms, by, n) } : { at: at(ms, by, n), value };
export const documentOf = (entries: Record<string, Entry>): Document => ({ entries });

export function stateOf(id: string, keyring: Keyring = newKeyring(), more: Partial<SyncState> = {}): SyncState {
  const { phase = 'running' } = more;
  const from = {
    place: { kind: 'browser' as const },
    device: { id, name: `Device ${id}` },
    vault: keyring.vault,
    sealedKeyring: keyringToText(keyring),
    keysFile: 'keys',
    phase,
    honoursIfMatch: false,
  };
  return { ...newState(from, NOW), ...more };
}
