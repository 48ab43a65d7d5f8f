import * as z from 'zod/mini';
import { registrableDomain } from '../catalogue/domains';
import { ALL, ALL_ORIGINS, covers, hostOfUrl, parseHost } from '../catalogue/scope';
import { attach } from '../leases/forwarder';
import type { Lease } from '../leases/lease';
import type { ContentScript } from '../platform/browser-types';
import type { ScriptConnection, World } from './capability';

/** Hosts that one batch may carry, and visits' hosts that are kept: more is no page that a person reads. */
const HOSTS_MAX = 400;
const REQUESTS_MAX = 100_000;

/** A content script is a stranger: what it sends is parsed, and what does not parse cuts its connection. */
const batch = z.strictObject({
  kind: z.literal('seen'),
  grantId: z.string(),
  epoch: z.number(),
  /** Requests of this visit so far, by host. */
  hosts: z
    .array(
      z.tuple([z.string().check(z.maxLength(255)), z.number().check(z.int(), z.positive(), z.maximum(REQUESTS_MAX))]),
    )
    .check(z.maxLength(HOSTS_MAX)),
});

const SCRIPT_FILE = '/site-insight-observer.js';

/** Which third parties a site talks to: a content script counts requests by host, on granted sites only. */
export async function start(lease: Lease<'site-insight'>, { on, browser, clock, ids, report }: World): Promise<void> {
  const script: ContentScript = {
    id: `site-insight ${lease.scope}`,
    file: SCRIPT_FILE,
    matches: [lease.scope === ALL ? ALL_ORIGINS : lease.scope],
    excludeMatches: [...lease.elsewhere],
    wants: (url) => {
      const host = hostOfUrl(url);
      return host !== undefined && !lease.elsewhere.some((scope) => covers(scope, host));
    },
  };
  const connections = new Set<ScriptConnection>();
  attach(on.connected, lease.signal, (chosen, connection) => {
    if (chosen !== lease) return;
    connections.add(connection);
    connection.closed.add(() => connections.delete(connection));
    observe(lease, connection, `${clock.nowMs()}-${ids.fresh()}`, clock.nowMs());
  });
  lease.signal.addEventListener(
    'abort',
    () => {
      for (const connection of connections) {
        connection.send({ kind: 'halt' });
        connection.cut();
      }
      connections.clear();
    },
    { once: true },
  );
  await browser.scripts.register(script);
  if (lease.signal.aborted) await browser.scripts.unregister(script.id);
  // Not waited for: a page that never ends loading, or hangs, would hold up every other grant, and the ends of all.
  else browser.scripts.runInOpenPages(script).catch(report);
}

/** One visit of one page (or frame): its counts replace each other, so nothing is counted twice. */
function observe(lease: Lease<'site-insight'>, connection: ScriptConnection, visit: string, atMs: number): void {
  let counted = false;
  connection.messages.add((message) => {
    const parsed = batch.safeParse(message);
    if (!parsed.success) {
      connection.send({ kind: 'halt' });
      connection.cut();
      return;
    }
    const { grantId, epoch, hosts } = parsed.data;
    if (grantId !== lease.grantId || epoch !== lease.epoch || lease.signal.aborted) return;
    const records = hosts.flatMap(([raw, requests]) => {
      const party = parseHost(raw);
      if (party === undefined || !isThirdParty(party, connection.site)) return [];
      return [{ key: `${visit}|${party}`, site: connection.site, atMs, data: { party, requests } }];
    });
    if (records.length === 0) return;
    const uses = counted ? 0 : 1;
    counted = true;
    void lease.write({ records, uses });
  });
  connection.send({ kind: 'lease', grantId: lease.grantId, epoch: lease.epoch, grantedAtMs: lease.grantedAtMs });
}

const isThirdParty = (party: string, site: string): boolean =>
  !covers(`*://${site}/*`, party) && registrableDomain(party) !== registrableDomain(site);
