/** A live grant in the book, and what a lease of it would carry. */
import type { CapabilityId, Lifetime } from '../../../utils/catalogue/catalogue';
import type { Book } from '../../../utils/grants/book';
import type { Lease, RecordDraft } from '../../../utils/leases/lease';
import { noticeRef } from '../store';

export type Authority = Pick<Lease, 'capability' | 'scope' | 'grantId' | 'epoch' | 'signal'> & {
  readonly controller: AbortController;
};

export async function granted(
  book: Book,
  capability: CapabilityId,
  scope = '*',
  lifetime: Lifetime = 'until-revoked',
): Promise<Authority> {
  const changed = await book.change({
    capability,
    scope,
    event: 'allow',
    by: 'person',
    lifetime,
    session: 'session-1',
    notice: noticeRef(),
  });
  if (changed.kind !== 'changed') throw new Error('not granted');
  const controller = new AbortController();
  const { grantId, epoch } = changed.grant;
  return { capability, scope, grantId, epoch, signal: controller.signal, controller };
}

export const insight = (site: string, n: number, atMs: number): RecordDraft => ({
  key: `visit-${n}|party-${n}.example`,
  site,
  atMs,
  data: { party: `party-${n}.example`, requests: n + 1 },
});

export const insights = (site: string, count: number, atMs: number): RecordDraft[] =>
  Array.from({ length: count }, (_, n) => insight(site, n, atMs + n));
