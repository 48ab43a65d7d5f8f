/** Answers to the messages of the contract. Each is a few lines: what is done is done by the core and the archive. */
import type { CleanRequest, RunningGuard, RunningProtection, Sources } from '../capabilities/capability';
import {
  allowsScope,
  type CapabilityId,
  capability,
  hasSites,
  isCapabilityId,
  lifetimes,
  needsOf,
} from '../catalogue/catalogue';
import { isScope } from '../catalogue/domains';
import { endpointOf } from '../catalogue/endpoints';
import { ALL, type Scope } from '../catalogue/scope';
import { readRow } from '../catalogue/shapes';
import { noticeOf } from '../exports/consent-records';
import { surplus } from '../grants/holdings';
import { ledgerEntry } from '../grants/ledger-entry';
import type { Channel } from '../leases/forwarder';
import type { Answers, Diagnostics, Erasable, Input, PromptOpened } from '../messages/contract';
import { ClosedError, type Handlers } from '../messages/server';
import type { Say } from '../platform/text-types';
import { differences } from '../policy/differences';
import { barred } from '../policy/managed';
import { currentPolicy } from '../policy/versions';
import { buildNotice } from '../prompts/notice';
import { places, type Resource } from '../reports/schema';
import type { Session } from '../sync/session';
import { dismiss, unread } from './bulletins';
import { consentOf, subjectId } from './consents';
import { Core, HEAD_KEY } from './core';
import { type DownloadsPort, downloadHandlers } from './download-handlers';
import { eraseEverything } from './everything';
import { protectionHandlers } from './protection-handlers';
import type { Reports } from './reports';
import type { SyncErasure } from './sync-erasure';
import { syncHandlers } from './sync-handlers';
import { managedView, shownEndpoints, viewOf, viewsOf } from './views';

export interface HandlerPorts {
  readonly core: Core;
  /** Resolves when the core has started. */
  readonly started: Promise<unknown>;
  readonly clean: Channel<[request: CleanRequest]>;
  readonly heard: Pick<Sources, 'count' | 'crashed'>;
  readonly reports: Reports;
  readonly protection: Channel<[use: (running: RunningProtection) => void]>;
  readonly guard: Channel<[use: (running: RunningGuard) => void]>;
  readonly sync: Channel<[use: (running: Session) => void]>;
  readonly settingsChanged: Channel<[]>;
  readonly erasure: SyncErasure;
  readonly about: Pick<Resource, 'browser' | 'os'>;
  readonly downloads: DownloadsPort;
  reloadTab(tabId: number): Promise<void>;
  readonly say: Say;
  readonly language: string;
  readonly firefox: boolean;
  readonly version: string;
  supported(id: CapabilityId): boolean;
  /** Opens the prompt page: a small window in Chromium, a focused tab in Firefox; never in a private window. */
  showPrompt(id: CapabilityId, scope: Scope): Promise<void>;
  diagnose(): Pick<Diagnostics, 'browser' | 'forwarders' | 'connections' | 'errors' | 'startedAtMs'>;
  usageBytes(): Promise<number | null>;
}

/** All but those of languages.ts, which need no core. */
export type CoreHandlers = Omit<Handlers, 'language.get' | 'language.set'>;

export function handlers(ports: HandlerPorts): CoreHandlers {
  const { core, say } = ports;

  async function open() {
    await ports.started;
    // A database that went away is being opened anew: a moment later there is an answer.
    if (core.status.kind === 'starting') await core.settled();
    if (core.status.kind !== 'open') throw new ClosedError('there is no usable database');
    return core.status;
  }

  async function seen() {
    const { book } = await open();
    const [everything, held, pending] = await Promise.all([
      book.everything(),
      core.ports.permissions.held(),
      core.pendingScopes(),
    ]);
    const nowMs = core.ports.clock.nowMs();
    const live = core.liveAmong(everything);
    return { ...everything, live, held, pending, nowMs, managed: core.managed, supported: ports.supported };
  }

  async function state(): Promise<Answers['state.get']> {
    await ports.started;
    if (core.status.kind === 'starting') await core.settled();
    const common = {
      policyVersion: currentPolicy.version,
      undurable: core.undurable.map(({ mark, marked }) => ({ capability: mark.capability, scope: mark.scope, marked })),
      storageFull: core.storageFull,
      firefox: ports.firefox,
      managed: managedView(core.managed),
      endpoints: shownEndpoints(core.endpoints),
    };
    if (core.status.kind !== 'open') {
      const closed = core.status.kind === 'closed' ? core.status.closed : { kind: 'no-database' as const, why: '' };
      const nothing = {
        grants: [],
        fences: [],
        live: [],
        held: await core.ports.permissions.held(),
        pending: [],
        nowMs: core.ports.clock.nowMs(),
        managed: core.managed,
        supported: ports.supported,
      };
      const bulletins = await unread(undefined, ports.language);
      return { ...common, closed, capabilities: viewsOf(nothing), news: [], bulletins };
    }
    const [entries, bulletins, views] = await Promise.all([
      core.news(),
      unread(core.status.database, ports.language),
      seen().then(viewsOf),
    ]);
    const news = entries.map(({ seq, atMs, kind, by, capability: id, scope, details }) => ({
      seq,
      atMs,
      kind,
      by,
      capability: id,
      scope,
      details,
    }));
    return { ...common, closed: null, capabilities: views, news, bulletins };
  }

  async function openPrompt({ capability: id, scope: asked }: Input<'prompts.open'>): Promise<PromptOpened> {
    await ports.started;
    if (core.status.kind === 'starting') await core.settled();
    if (core.status.kind === 'closed') return { kind: 'closed', closed: core.status.closed };
    if (!isCapabilityId(id)) return { kind: 'unknown-capability' };
    const scope = asked ?? ALL;
    if (!isScope(scope) || !allowsScope(id, scope)) return { kind: 'bad-scope' };
    if (!ports.supported(id)) return { kind: 'unsupported' };
    const why = barred(core.managed, id, scope);
    if (why !== undefined) return { kind: 'forbidden', why };
    const { lifetime, destination } = capability(id);
    const { endpoints } = core;
    const notice = buildNotice(id, scope, say, ports.language, endpoints);
    const endpoint = endpointOf(destination, endpoints);
    const nonce = core.ports.ids.fresh();
    const view = viewOf(id, await seen());
    const own = view.scopes.find((one) => one.scope === scope);
    const { grants } = await (await open()).book.everything();
    const granted = grants.find((grant) => grant.capability === id && grant.scope === scope);
    await core.openPrompt({ nonce, capability: id, scope, notice: Core.noticeRef(notice) }, notice);
    const scopes = scope === ALL || !hasSites(id) ? [scope] : [scope, ALL];
    return {
      kind: 'ask',
      nonce,
      notice,
      choices: scopes.map((one) => ({ scope: one, needs: needsOf(id, one, core.ports.knowsDataCollection, endpoint) })),
      lifetimes,
      lifetime,
      state: own?.state ?? 'off',
      changes: differences(granted?.notice?.clauses ?? []),
    };
  }

  async function erase(what: Erasable): Promise<number> {
    const { archive, book } = await open();
    if (what.kind === 'sealed') {
      const { grants } = await book.everything();
      const grant = grants.find((row) => row.capability === what.capability && row.scope === what.scope);
      const sealed = grant?.seals.map((seal) => seal.grantId) ?? [];
      return core.eraseSealed(what, sealed, 'person');
    }
    const filter = what.kind === 'some' ? what.filter : {};
    const erased = what.kind === 'one' ? await archive.eraseOne(what.id) : await archive.erase(filter);
    if (what.kind === 'all') await archive.eraseUses();
    // A report waits with a copy of what it is made of.
    if (what.kind === 'one' || filter.site === undefined) await archive.eraseOutbox(filter.capability);
    ports.reports.forget();
    await book.note('erased', 'person', {
      capability: filter.capability ?? null,
      details: { records: erased, what: what.kind, ...(filter.site === undefined ? {} : { site: filter.site }) },
    });
    return erased;
  }

  async function historyPage({ before, limit, kind, capability: id }: Input<'history.page'>) {
    const { database } = await open();
    const { store } = database.transaction('ledger');
    const upTo = before ?? Number.MAX_SAFE_INTEGER;
    // What the filter leaves out is not walked over: a kind may be rare in a long history.
    const within = (...words: string[]) => IDBKeyRange.bound([...words, 0], [...words, upTo], false, before !== null);
    let cursor =
      kind !== undefined && id !== undefined
        ? await store.index('both').openCursor(within(kind, id), 'prev')
        : kind !== undefined
          ? await store.index('kind').openCursor(within(kind), 'prev')
          : id !== undefined
            ? await store.index('capability').openCursor(within(id), 'prev')
            : await store.openCursor(IDBKeyRange.upperBound(upTo, before !== null), 'prev');
    const entries = [];
    let unreadable = 0;
    while (cursor && entries.length < limit) {
      const entry = readRow(ledgerEntry, cursor.value);
      if (entry) entries.push(entry);
      else unreadable += 1;
      cursor = await cursor.continue();
    }
    return { entries, next: cursor ? (entries.at(-1)?.seq ?? null) : null, unreadable };
  }

  async function diagnostics(): Promise<Diagnostics> {
    await ports.started;
    const held = await core.ports.permissions.held();
    const open = core.status.kind === 'open' ? core.status : undefined;
    const head = open ? await open.book.head() : undefined;
    return {
      ...ports.diagnose(),
      version: ports.version,
      database: { kind: core.status.kind, id: open?.databaseId ?? null, unreadableRows: core.unreadableRows },
      head: head && head.seq > 0 ? { seq: head.seq, hash: head.hash, maxEpoch: head.maxEpoch } : null,
      managed: { exists: core.managed.exists, problems: core.managed.problems },
      held,
      unexplained: surplus(held, await core.liveGrants(), await core.pendingScopes()),
      leases: core.office.leases().map(({ capability: id, scope, epoch }) => ({ capability: id, scope, epoch })),
      usageBytes: await ports.usageBytes(),
    };
  }

  return {
    'state.get': state,
    'prompts.show': async ({ capability: id, scope }) => {
      await ports.showPrompt(id, scope);
      return { kind: 'opened' };
    },
    'prompts.open': openPrompt,
    'prompts.allow': async ({ nonce, scope, lifetime }) => {
      const { book } = await open();
      const intent = await book.intent(nonce);
      if (!intent || !allowsScope(intent.capability, scope)) return { kind: 'gone' };
      // A page may choose between the scopes that it was given, not widen them to another site.
      const wider = scope === ALL && hasSites(intent.capability);
      if (!wider && scope !== intent.scope) return { kind: 'gone' };
      return { kind: (await core.allow(nonce, scope, lifetime)) ? 'recorded' : 'gone' };
    },
    'prompts.settle': async ({ nonce }) => {
      await open();
      return core.settlePrompt(nonce);
    },
    'prompts.decline': async ({ nonce, answer }) => {
      await open();
      return { kind: await core.declinePrompt(nonce, answer) };
    },
    // Also without a usable database: the core then keeps a marker.
    'grants.revoke': async ({ capability: id, scope }) => {
      await ports.started;
      return core.revoke(id, scope);
    },
    'grants.stop-all': async () => {
      await open();
      return core.stopAll();
    },
    'records.page': async ({ filter, after, limit }) => (await open()).archive.page(filter, after, limit),
    'records.summary': async () => {
      const { archive, book } = await open();
      const { grants } = await book.everything();
      return archive.summary(
        grants.flatMap(({ capability: id, scope, seals }) =>
          seals.map(({ grantId }) => ({ capability: id, scope, grantId })),
        ),
      );
    },
    'records.sites': async ({ prefix }) => ({ sites: await (await open()).archive.sites(prefix) }),
    'records.erase': async ({ what }) => ({ erased: await erase(what) }),
    'insight.site': async ({ host }) => {
      const { archive } = await open();
      return archive.insightSite(core.office.leaseFor('site-insight', host), host);
    },
    'insight.sites': async () => {
      const { archive } = await open();
      return archive.insightSites(core.office.leases().filter((lease) => lease.capability === 'site-insight'));
    },
    'time.days': async ({ days }) => {
      const { archive } = await open();
      return archive.timeDays(core.office.lease('browsing-time', ALL), days);
    },
    'activity.week': async () => (await open()).archive.activity(7),
    'history.page': historyPage,
    'history.head': async () => {
      const { database, book } = await open();
      const head = await book.head();
      const mark = (await core.ports.local.get(HEAD_KEY)) as { seq: number; hash: string } | undefined;
      return {
        mark: mark ? { seq: mark.seq, hash: mark.hash } : null,
        entries: head.seq === 0 ? 0 : await database.count('ledger'),
      };
    },
    'history.notice': async ({ hash }) => noticeOf(await (await open()).database.get('notices', hash)),
    'history.consent': async ({ capability: id, scope }) => consentOf((await open()).database, id, scope),
    'subject.id': async ({ how }) => ({ id: await subjectId((await open()).database, core.ports.ids, how) }),
    'everything.erase': async () => {
      await open();
      return eraseEverything(core);
    },
    'bulletins.dismiss': async ({ id }) => {
      await dismiss((await open()).database, id);
      core.ports.changed();
      return { kind: 'dismissed' };
    },
    'news.dismiss': async ({ upTo }) => {
      await open();
      await core.dismiss(upTo);
      return { kind: 'dismissed' };
    },
    'clean.site': async ({ host, port }) => {
      await open();
      if (ports.clean.attached === 0) return { kind: 'off' };
      return new Promise((resolve) => ports.clean.emit({ host, port, answer: resolve }));
    },
    'diagnostics.get': diagnostics,
    'usage.count': async ({ name }, sender) => {
      await ports.started;
      if (!sender.tab?.incognito) ports.heard.count.emit(name);
      return { kind: 'heard' };
    },
    'crash.report': async (fault, sender) => {
      await ports.started;
      const page = /\/(\w+)\.html(?:[?#]|$)/.exec(sender.url ?? '')?.[1];
      const where = places.find((place) => place === page);
      if (where !== undefined && !sender.tab?.incognito) ports.heard.crashed.emit({ ...fault, where });
      return { kind: 'heard' };
    },
    'reports.get': async () => {
      await open();
      return ports.reports.view();
    },
    'reports.configure': async (input) => {
      await open();
      return { kind: (await ports.reports.configure(input)) ? 'kept' : 'off' };
    },
    'reports.reset-id': async () => {
      await open();
      return { kind: (await ports.reports.resetId()) ? 'kept' : 'off' };
    },
    'reports.send': async (input) => {
      await open();
      return ports.reports.send(input);
    },
    ...protectionHandlers({
      core,
      open,
      running: ports.protection,
      settingsChanged: ports.settingsChanged,
      reloadTab: ports.reloadTab,
    }),
    ...syncHandlers({
      core,
      open,
      running: ports.sync,
      erasure: ports.erasure,
      settingsChanged: ports.settingsChanged,
      protection: ports.protection,
      proposedName: () => say('sync_proposed_name', ports.about.browser.name, ports.about.os),
    }),
    ...downloadHandlers({ open, guard: ports.guard, downloads: ports.downloads }),
  };
}
