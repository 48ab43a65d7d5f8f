import { attach } from '../leases/forwarder';
import type { Lease } from '../leases/lease';
import { EVERY_MINUTES, Session } from '../sync/session';
import type { World } from './capability';

/** Rings every quarter of an hour, whether or not anything changed here. */
const OFTEN = 'sync';
/** Rings once: for what changed here just before the background was stopped, or when a place asked for patience. */
const SOON = 'sync-soon';

/** Keeps settings the same on the person's devices, through the place that the grant is for. */
export async function start(lease: Lease<'cloud-sync'>, world: World): Promise<void> {
  const { on, browser, clock, ids, report } = world;
  const { signal } = lease;
  const session = new Session({
    lease,
    reach: world.reach(lease),
    clock,
    ids,
    wait: world.wait,
    random: Math.random,
    protectionSettings: world.protectionSettings,
    localKey: world.localKey,
    allowsServer: world.allowsServer,
    applied: () => on.protection.emit((running) => void running.apply().catch(report)),
    changed: world.changed,
    soon: async (atMs) => {
      if (!signal.aborted) await browser.alarms.at(SOON, atMs);
    },
    report,
  });
  attach(on.sync, signal, (use) => use(session));
  attach(on.syncDue, signal, () => void session.due().catch(report));
  attach(on.settingsChanged, signal, () => void session.collect().catch(report));
  signal.addEventListener(
    'abort',
    () => {
      for (const name of [OFTEN, SOON]) browser.alarms.clear(name).catch(report);
    },
    { once: true },
  );
  await browser.alarms.every(OFTEN, EVERY_MINUTES);
  // Not waited for: whoever woke us has an answer first.
  session.resume().catch(report);
}
