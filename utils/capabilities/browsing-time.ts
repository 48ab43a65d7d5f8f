import * as z from 'zod/mini';
import { registrableDomain } from '../catalogue/domains';
import { hostOfUrl } from '../catalogue/scope';
import { attach } from '../leases/forwarder';
import type { Draft, Lease } from '../leases/lease';
import { localDay, MINUTE_MS, nextLocalMidnightMs } from '../platform/clock';
import { coalesced } from '../platform/serial';
import type { World } from './capability';

/** Seconds without input after which the person counts as away. */
export const IDLE_AFTER_SECONDS = 60;
/** Time between two looks that counts as attention at most: the alarm comes each minute, so a longer gap was a sleep. */
export const GAP_MAX_MS = 2.5 * MINUTE_MS;

/** Attention under way. It outlives the background as the checkpoint of the grant. */
const attention = z.strictObject({
  session: z.string(),
  site: z.string(),
  /** Counted up to here. */
  upToMs: z.number(),
});
type Attention = z.infer<typeof attention>;

/**
 * How long each site had the person's attention: the focused window's active tab, while the person is not idle and the
 * window not private. Time up to each look is added to the site's day in the transaction that moves the checkpoint, so a
 * background killed between two looks neither loses nor invents any.
 */
export async function start(
  lease: Lease<'browsing-time'>,
  { on, browser, clock, session, report }: World,
): Promise<void> {
  let current = readAttention(await lease.lastCheckpoint(), session);

  async function look(): Promise<void> {
    if (lease.signal.aborted) return;
    const site = await attendedSite();
    const nowMs = clock.nowMs();
    const records = current ? minutesOf(current, nowMs) : [];
    const next: Attention | undefined = site === undefined ? undefined : { session, site, upToMs: nowMs };
    if (!current && !next) return;
    const draft: Draft = {
      records,
      uses: next && next.site !== current?.site ? 1 : 0,
      checkpoint: next ?? null,
    };
    const written = await lease.write(draft);
    // What could not be kept stays uncounted, and is tried again with the next look.
    if (written.kind === 'kept') current = next;
  }

  async function attendedSite(): Promise<string | undefined> {
    if ((await browser.idleState(IDLE_AFTER_SECONDS)) !== 'active') return undefined;
    const tab = await browser.focusedTab();
    if (!tab || tab.incognito || tab.url === undefined) return undefined;
    const host = hostOfUrl(tab.url);
    return host === undefined ? undefined : registrableDomain(host);
  }

  // A look that fails counts nothing; the next one counts from where the last one that was kept stopped.
  const inTurn = coalesced(look);
  const lookInTurn = () => inTurn().catch(report);
  for (const source of [on.tabActivated, on.tabUpdated, on.tabRemoved, on.windowFocused]) {
    attach(source, lease.signal, lookInTurn);
  }
  attach(on.idleChanged, lease.signal, lookInTurn);
  attach(on.tick, lease.signal, lookInTurn);
  lease.signal.addEventListener('abort', () => browser.alarms.clear('tick').catch(report), { once: true });
  await browser.alarms.every('tick', 1);
  await lookInTurn();
}

/** A checkpoint of this browser session; time across a restart of the browser is nobody's attention. */
function readAttention(raw: unknown, session: string): Attention | undefined {
  const parsed = attention.safeParse(raw);
  return parsed.success && parsed.data.session === session ? parsed.data : undefined;
}

/** The time since the last look, day by day. A gap too long for a waking machine, or a clock set back, counts nothing. */
export function minutesOf({ site, upToMs }: Pick<Attention, 'site' | 'upToMs'>, nowMs: number) {
  const spans: { key: string; site: string; atMs: number; data: (before: unknown) => { attentionMs: number } }[] = [];
  if (nowMs <= upToMs || nowMs - upToMs > GAP_MAX_MS) return spans;
  for (let fromMs = upToMs; fromMs < nowMs; ) {
    const toMs = Math.min(nowMs, nextLocalMidnightMs(fromMs));
    const addedMs = toMs - fromMs;
    const atMs = toMs - 1;
    spans.push({
      key: `${localDay(fromMs)}|${site}`,
      site,
      atMs,
      data: (before) => ({ attentionMs: attentionOf(before) + addedMs }),
    });
    fromMs = toMs;
  }
  return spans;
}

function attentionOf(row: unknown): number {
  const ms = (row as { attentionMs?: unknown } | undefined)?.attentionMs;
  return typeof ms === 'number' && Number.isSafeInteger(ms) && ms >= 0 ? ms : 0;
}
