/** Answers to the messages about protection: settings are written here, what runs is told of them. */
import type { RunningProtection } from '../capabilities/capability';
import { ALL, hostOfUrl } from '../catalogue/scope';
import type { Channel } from '../leases/forwarder';
import type { ProtectionSite } from '../messages/contract';
import type { Handlers } from '../messages/server';
import { HOUR_MS, localDay } from '../platform/clock';
import type { Core, Status } from './core';
import { changed, changeProtection, isWithin, pausedUntil, readProtection, resumed } from './protection-settings';

interface Ports {
  readonly core: Core;
  open(): Promise<Extract<Status, { kind: 'open' }>>;
  readonly running: Channel<[use: (running: RunningProtection) => void]>;
  readonly settingsChanged: Channel<[]>;
  reloadTab(tabId: number): Promise<void>;
}

type Names =
  | 'protection.get'
  | 'protection.site'
  | 'protection.pause'
  | 'protection.resume'
  | 'protection.change'
  | 'protection.stopped'
  | 'protection.let-through';

export function protectionHandlers({ core, open, running, settingsChanged, reloadTab }: Ports): Pick<Handlers, Names> {
  /** What runs under a live lease; `undefined` where nothing does. */
  function now(): RunningProtection | undefined {
    let found: RunningProtection | undefined;
    running.emit((one) => {
      found = one;
    });
    return found;
  }

  async function pausedHow(host: string, tabId: number): Promise<ProtectionSite['paused']> {
    const { database } = await open();
    const { allow, pauses } = await readProtection(database);
    if (allow.some((one) => isWithin(host, one))) return { kind: 'always' };
    const nowMs = core.ports.clock.nowMs();
    const ends = pauses.filter((one) => isWithin(host, one.host) && one.untilMs > nowMs).map((one) => one.untilMs);
    if (ends.length > 0) return { kind: 'hour', untilMs: Math.max(...ends) };
    return { kind: (await now()?.isVisitPaused(host, tabId)) ? 'visit' : 'no' };
  }

  return {
    'protection.get': async () => {
      const { database } = await open();
      const protection = now();
      return {
        live: protection !== undefined,
        settings: await readProtection(database),
        missing: (await protection?.missing()) ?? [],
      };
    },
    'protection.site': async ({ host, tabId }) => {
      const { archive } = await open();
      return {
        live: now() !== undefined,
        paused: await pausedHow(host, tabId),
        blockedToday: await archive.blockedOn(
          core.office.lease('protection', ALL),
          host,
          localDay(core.ports.clock.nowMs()),
        ),
      };
    },
    'protection.pause': async ({ host, tabId, length }) => {
      const { database } = await open();
      const protection = now();
      if (!protection) return { kind: 'off' };
      const nowMs = core.ports.clock.nowMs();
      if (length === 'visit') await protection.pauseVisit(host, tabId);
      else if (length === 'hour') {
        await changeProtection(database, (before) => pausedUntil(before, host, nowMs + HOUR_MS, nowMs));
      } else await changeProtection(database, (before) => changed(before, { kind: 'add', to: 'allow', host }));
      await protection.apply();
      settingsChanged.emit();
      // What was stopped comes only with a new load, and Chromium asks its rules about a page only then.
      await reloadTab(tabId);
      core.ports.changed();
      return { kind: 'paused' };
    },
    'protection.resume': async ({ host, tabId }) => {
      const { database } = await open();
      const protection = now();
      if (!protection) return { kind: 'off' };
      await changeProtection(database, (before) => resumed(before, host));
      settingsChanged.emit();
      await protection.endVisitPause(host, tabId);
      await protection.apply();
      await reloadTab(tabId);
      core.ports.changed();
      return { kind: 'resumed' };
    },
    'protection.change': async ({ change }) => {
      const { database } = await open();
      const answer = await changeProtection(database, (before) => changed(before, change));
      settingsChanged.emit();
      await now()?.apply();
      core.ports.changed();
      return answer;
    },
    'protection.stopped': async (_, { tab }) => {
      await open();
      const protection = now();
      return {
        url: (tab?.id === undefined ? undefined : protection?.stoppedAddress(tab.id)) ?? null,
        live: protection !== undefined,
      };
    },
    'protection.let-through': async ({ url }) => {
      await open();
      const host = hostOfUrl(url);
      if (host === undefined) return { kind: 'no-page' };
      const protection = now();
      // With protection off nothing stops the page any more.
      if (!protection) return { kind: 'off' };
      await protection.letThrough(host);
      return { kind: 'let-through' };
    },
  };
}
