/**
 * `storage.sync` with Chromium's quotas and words, and a second device that items arrive on one by one.
 * https://developer.chrome.com/docs/extensions/reference/api/storage#property-sync
 */
import type { RawSyncArea } from '../../../utils/egress/sync-area';
import { HOUR_MS, MINUTE_MS } from '../../../utils/platform/clock';

const BYTES_MAX = 102_400;
const ITEM_BYTES_MAX = 8192;
const ITEMS_MAX = 512;
const WRITES_PER_MINUTE = 120;
const WRITES_PER_HOUR = 1800;

const utf8 = (text: string) => new TextEncoder().encode(text).length;
/** Chromium counts its own JSON, which writes `<` as six characters. */
const bytesOf = (key: string, value: unknown) => utf8(key) + utf8(JSON.stringify(value).replaceAll('<', '\\u003C'));

export class FakeSyncArea implements RawSyncArea {
  items: Record<string, unknown> = {};
  nowMs = 1_800_000_000_000;
  /** Each write as it came: a set's items, or a removal's keys. */
  readonly writes: { atMs: number; keys: string[] }[] = [];

  get bytes(): number {
    return Object.entries(this.items).reduce((sum, [key, value]) => sum + bytesOf(key, value), 0);
  }

  async get(keys: string[] | null): Promise<Record<string, unknown>> {
    const all = Object.entries(structuredClone(this.items));
    return Object.fromEntries(keys === null ? all : all.filter(([key]) => keys.includes(key)));
  }

  async set(items: Record<string, unknown>): Promise<void> {
    this.#write(Object.keys(items));
    const after = { ...this.items, ...structuredClone(items) };
    if (Object.entries(items).some(([key, value]) => bytesOf(key, value) > ITEM_BYTES_MAX)) {
      throw new Error('Resource::kQuotaBytesPerItem quota exceeded');
    }
    const bytes = Object.entries(after).reduce((sum, [key, value]) => sum + bytesOf(key, value), 0);
    if (bytes > BYTES_MAX) throw new Error('Resource::kQuotaBytes quota exceeded');
    if (Object.keys(after).length > ITEMS_MAX) throw new Error('Resource::kMaxItems quota exceeded');
    this.items = after;
  }

  async remove(keys: string[]): Promise<void> {
    this.#write(keys);
    for (const key of keys) delete this.items[key];
  }

  #write(keys: string[]): void {
    const since = (ms: number) => this.writes.filter(({ atMs }) => this.nowMs - atMs < ms).length;
    const over = since(MINUTE_MS) >= WRITES_PER_MINUTE ? 'MINUTE' : since(HOUR_MS) >= WRITES_PER_HOUR ? 'HOUR' : '';
    if (over !== '') throw new Error(`This request exceeds the MAX_WRITE_OPERATIONS_PER_${over} quota.`);
    this.writes.push({ atMs: this.nowMs, keys });
  }
}
