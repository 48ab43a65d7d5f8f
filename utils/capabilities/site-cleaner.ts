import { attach } from '../leases/forwarder';
import type { Lease } from '../leases/lease';
import { errorText } from '../platform/error-text';
import { type Cleaned, type CleanRequest, type DataKind, dataKinds, type World } from './capability';

/** Clears a site's cookies, cache and storage when the person asks, and says what was cleared. Collects nothing. */
export async function start(lease: Lease<'site-cleaner'>, { on, browser }: World): Promise<void> {
  attach(on.clean, lease.signal, (request) => {
    const { answer } = request;
    clean(lease, request, browser.clearSiteData).then(answer, (error: unknown) =>
      answer({ kind: 'failed', why: errorText(error) }),
    );
  });
}

async function clean(
  lease: Lease<'site-cleaner'>,
  { host, port }: Pick<CleanRequest, 'host' | 'port'>,
  clear: World['browser']['clearSiteData'],
): Promise<Cleaned> {
  // The use is written first: what the fence no longer lets through is not done either.
  const written = await lease.write({ uses: 1 });
  if (written.kind !== 'kept') return { kind: 'failed', why: written.kind };
  const cleared: DataKind[] = [];
  const left: DataKind[] = [];
  for (const kind of dataKinds) {
    if (lease.signal.aborted) return { kind: 'failed', why: 'stale-lease' };
    ((await clear(host, port, kind)) ? cleared : left).push(kind);
  }
  return { kind: 'cleared', cleared, left };
}
