import { errorText } from '../platform/error-text';
import type { Fetched, Stored, SyncArea } from './wire';

/** `storage.sync` as the browser has it. */
export interface RawSyncArea {
  get(keys: string[] | null): Promise<Record<string, unknown>>;
  set(items: Record<string, unknown>): Promise<void>;
  remove(keys: string[]): Promise<void>;
}

/**
 * Chromium names the quota ('…exceeds the MAX_WRITE_OPERATIONS_PER_MINUTE quota', 'Resource::kQuotaBytesPerItem quota
 * exceeded'), Firefox says 'QuotaExceededError: storage.sync API call exceeded its quota limitations'.
 */
function storedOf(error: unknown): Extract<Stored, { kind: 'full' | 'too-often' | 'failed' }> {
  const why = errorText(error);
  if (/WRITE_OPERATIONS/i.test(why)) return { kind: 'too-often' };
  return /quota/i.test(why) ? { kind: 'full' } : { kind: 'failed', why };
}

const written = async (writing: Promise<void>): Promise<Stored> =>
  writing.then(
    (): Stored => ({ kind: 'stored' }),
    (error: unknown) => storedOf(error),
  );

/** The same without rejections. */
export const areaOf = (raw: RawSyncArea): SyncArea => ({
  get: (keys) =>
    raw.get(keys === null ? null : [...keys]).then(
      (items): Fetched => ({ kind: 'fetched', items }),
      (error: unknown) => ({ kind: 'failed', why: errorText(error) }),
    ),
  set: (items) => written(raw.set({ ...items })),
  remove: (keys) => written(raw.remove([...keys])),
});
