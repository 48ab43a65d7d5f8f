/**
 * Reports: what would leave, what a person took out of it, and what leaves. A report is made, shown and sent from one
 * text: the one that was shown is found again by its hash, handed over to the outbox under the fence, and goes out
 * through the door.
 */
import { type CapabilityId, capability } from '../catalogue/catalogue';
import { type Endpoint, endpointOf, named } from '../catalogue/endpoints';
import type { CounterRecord, CrashRecord, OutboxRow } from '../catalogue/record';
import { ALL } from '../catalogue/scope';
import type { Lease, OutboxDraft, RecordDraft } from '../leases/lease';
import type { Input, ReportItem, ReportSent, ReportsView, ReportView } from '../messages/contract';
import { DAY_MS, HOUR_MS, MINUTE_MS, utcDayStart } from '../platform/clock';
import { textHash } from '../platform/hash';
import { serial } from '../platform/serial';
import { counterField, METRICS_TYPE, metricsBody, type Statistics, statisticsFields } from '../reports/otlp';
import type { Resource } from '../reports/schema';
import { type CrashReport, crashFields, ENVELOPE_TYPE, envelopeBody } from '../reports/sentry';
import { freshReportId, type ReportSettings, settingsOf } from '../reports/settings';
import type { Core } from './core';

export const reporting = ['usage-statistics', 'crash-reports'] as const satisfies readonly CapabilityId[];
export type Reporting = (typeof reporting)[number];

/** Days of reports that are shown, and after which one that was not sent is not sent any more. */
const SHOWN_DAYS = 7;
/** Tries after which a report counts as refused. */
const TRIES_MAX = 10;
const BACKOFF_MAX_MS = 6 * HOUR_MS;
/** Texts that are remembered as shown. */
const SHOWN_MAX = 200;

interface Prepared {
  readonly lease: Lease;
  /** The day that was counted, or when it crashed. */
  readonly atMs: number;
  readonly text: string;
  readonly hash: string;
  /** Nothing more is counted into it. */
  readonly complete: boolean;
  /** Marks what it is made of as handed over. */
  readonly marks: readonly RecordDraft[];
}

export interface ReportsPorts {
  readonly core: Core;
  readonly about: Resource;
}

const typeOf = { 'usage-statistics': METRICS_TYPE, 'crash-reports': ENVELOPE_TYPE } as const;

export class Reports {
  readonly #inTurn = serial();
  /** What was shown, by its hash: the only thing that can be sent once. */
  readonly #shown = new Map<string, Prepared>();

  constructor(private readonly ports: ReportsPorts) {}

  #lease(id: Reporting): Lease | undefined {
    return this.ports.core.office.lease(id, ALL);
  }

  #endpoint(id: Reporting): Endpoint | null {
    return endpointOf(capability(id).destination, this.ports.core.endpoints);
  }

  #settings(lease: Lease): Promise<ReportSettings> {
    return settingsOf(lease, this.ports.core.ports.ids, this.ports.core.ports.clock);
  }

  // -------------------------------------------------------------------------------------------------------- showing

  async view(): Promise<ReportsView> {
    return { reports: await Promise.all(reporting.map((id) => this.#view(id))) };
  }

  async #view(id: Reporting): Promise<ReportView> {
    const endpoint = this.#endpoint(id);
    const to = endpoint && named(endpoint);
    const lease = this.#lease(id);
    if (!lease) return { capability: id, live: false, to, id: null, byRule: false, fields: [], items: [] };
    const settings = await this.#settings(lease);
    const { prepared, fields } = await this.#prepare(id, lease, settings);
    for (const one of prepared) this.#remember(one);
    const handed = await this.ports.core.openStatus().archive.outbox(lease);
    const items: ReportItem[] = [
      ...handed.map(({ atMs, text, hash, state }) => ({ atMs, text, hash, state })),
      ...prepared.map(({ atMs, text, hash }) => ({ atMs, text, hash, state: 'kept' as const })),
    ];
    return {
      capability: id,
      live: true,
      to,
      id: id === 'usage-statistics' ? settings.id : null,
      byRule: settings.ruleSinceMs !== null,
      fields: fields.map((name) => ({ name, out: settings.without.includes(name) })),
      items: items
        .map((item) => ({ ...item, bytes: new TextEncoder().encode(item.text).length }))
        .sort((a, b) => b.atMs - a.atMs),
    };
  }

  #remember(prepared: Prepared): void {
    this.#shown.delete(prepared.hash);
    this.#shown.set(prepared.hash, prepared);
    for (const hash of this.#shown.keys()) {
      if (this.#shown.size <= SHOWN_MAX) return;
      this.#shown.delete(hash);
    }
  }

  /** Forgets what was shown: its records were erased. */
  forget(): void {
    this.#shown.clear();
  }

  // ------------------------------------------------------------------------------------------------------- settling

  /** `false` where the grant is not live any more, or could not be written to. */
  configure({ capability: id, without, byRule }: Input<'reports.configure'>): Promise<boolean> {
    return this.#change(id, (settings, nowMs) => ({
      ...settings,
      ...(without === undefined ? {} : { without: [...new Set(without)] }),
      ...(byRule === undefined ? {} : { ruleSinceMs: byRule ? (settings.ruleSinceMs ?? nowMs) : null }),
    }));
  }

  resetId(): Promise<boolean> {
    const { ids } = this.ports.core.ports;
    return this.#change('usage-statistics', (settings) => ({ ...settings, id: freshReportId(ids) }));
  }

  #change(id: Reporting, to: (settings: ReportSettings, nowMs: number) => ReportSettings): Promise<boolean> {
    return this.#inTurn(async () => {
      const lease = this.#lease(id);
      if (!lease) return false;
      const nowMs = this.ports.core.ports.clock.nowMs();
      const settings = { ...to(await this.#settings(lease), nowMs), savedMs: nowMs };
      const { kind } = await lease.write({ checkpoint: settings });
      await this.#arm();
      return kind === 'kept';
    });
  }

  // -------------------------------------------------------------------------------------------------------- sending

  /** Sends once exactly what was shown under this hash. */
  send({ capability: id, hash }: Input<'reports.send'>): Promise<ReportSent> {
    return this.#inTurn(async () => {
      if (!this.#endpoint(id)) return { kind: 'no-endpoint' };
      const prepared = this.#shown.get(hash);
      const lease = this.#lease(id);
      if (!prepared || prepared.lease !== lease) return { kind: 'changed' };
      this.#shown.delete(hash);
      const row = await this.#handOver(prepared);
      if (!row) return { kind: 'changed' };
      const sent = await this.#deliver(lease, row);
      await this.#arm();
      return sent;
    });
  }

  /** Sends what is due: what waits for another try, and what the person's rule lets go. */
  run(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.ports.core.status.kind !== 'open') return;
      for (const id of reporting) {
        const lease = this.#lease(id);
        if (lease && this.#endpoint(id)) await this.#runFor(id, lease);
      }
      await this.#arm();
    });
  }

  async #runFor(id: Reporting, lease: Lease): Promise<void> {
    const { core } = this.ports;
    const nowMs = core.ports.clock.nowMs();
    for (const row of await core.openStatus().archive.outbox(lease)) {
      if (row.state === 'waiting' && row.notBeforeMs <= nowMs) await this.#deliver(lease, row);
    }
    const settings = await this.#settings(lease);
    for (const prepared of await this.#due(id, lease, settings)) {
      if (lease.signal.aborted) return;
      const row = await this.#handOver(prepared);
      if (row) await this.#deliver(lease, row);
    }
  }

  /** What goes by rule now. What is older than the rule waits for the person. */
  async #due(id: Reporting, lease: Lease, settings: ReportSettings): Promise<readonly Prepared[]> {
    const { ruleSinceMs } = settings;
    if (ruleSinceMs === null) return [];
    const fromMs = id === 'usage-statistics' ? utcDayStart(ruleSinceMs) : ruleSinceMs;
    const { prepared } = await this.#prepare(id, lease, settings);
    return prepared.filter((one) => one.complete && one.atMs >= fromMs);
  }

  /** Marks the records and puts the text into the outbox, in one transaction under the fence. */
  async #handOver({ lease, text, hash, marks }: Prepared): Promise<OutboxRow | undefined> {
    const row = this.#row(lease, hash, { text, hash, state: 'waiting', tries: 0, notBeforeMs: 0 });
    const written = await lease.write({ records: marks, outbox: [row.draft] });
    return written.kind === 'kept' ? row.row : undefined;
  }

  #row(lease: Lease, key: string, data: Pick<OutboxRow, 'text' | 'hash' | 'state' | 'tries' | 'notBeforeMs'>) {
    const atMs = this.ports.core.ports.clock.nowMs();
    const { scope, grantId, epoch } = lease;
    const draft: OutboxDraft = { key, atMs, data };
    const id = `${grantId}|${key}`;
    return { draft, row: { ...data, id, capability: lease.capability as Reporting, scope, grantId, epoch, atMs } };
  }

  async #deliver(lease: Lease, row: OutboxRow): Promise<ReportSent> {
    const { core } = this.ports;
    const sent = await core.door.send(lease, { text: row.text, type: typeOf[row.capability] });
    const { text, hash, tries } = row;
    const settle = async (state: OutboxRow['state'], notBeforeMs = 0) => {
      const { draft } = this.#row(lease, hash, { text, hash, state, tries: tries + 1, notBeforeMs });
      await lease.write({ outbox: [draft] });
      core.ports.changed();
    };
    switch (sent.kind) {
      case 'sent':
        await settle('sent');
        return { kind: 'sent' };
      case 'halted':
        return { kind: 'changed' };
      case 'refused':
        // An endpoint that was moved ends the grant, and what waits with it.
        if (sent.why === 'stale-lease' || sent.why === 'no-destination') return { kind: 'changed' };
        if (sent.why === 'too-often') {
          await settle('waiting', core.ports.clock.nowMs() + HOUR_MS);
          return { kind: 'waiting' };
        }
        await settle('refused');
        return { kind: 'refused' };
      case 'rejected':
        await settle('refused');
        return { kind: 'refused' };
      case 'failed': {
        if (tries + 1 >= TRIES_MAX) {
          await settle('refused');
          return { kind: 'refused' };
        }
        const waitMs = Math.max(sent.afterMs ?? 0, Math.min(MINUTE_MS * 2 ** tries, BACKOFF_MAX_MS));
        await settle('waiting', core.ports.clock.nowMs() + waitMs);
        return { kind: 'waiting' };
      }
    }
  }

  /** Sets the alarm to when something is next due, or takes it off. */
  async #arm(): Promise<void> {
    const { core } = this.ports;
    if (core.status.kind !== 'open') return;
    const nowMs = core.ports.clock.nowMs();
    const due: number[] = [];
    for (const id of reporting) {
      const lease = this.#lease(id);
      if (!lease || !this.#endpoint(id)) continue;
      for (const row of await core.status.archive.outbox(lease)) if (row.state === 'waiting') due.push(row.notBeforeMs);
      const settings = await this.#settings(lease);
      if ((await this.#due(id, lease, settings)).length > 0) due.push(nowMs);
      // Not everybody's at the same second: within the hour after midnight, each at a time of its own.
      if (id === 'usage-statistics' && settings.ruleSinceMs !== null) {
        const spreadMs = (Number.parseInt(settings.id.slice(0, 4), 16) / 0x10000) * HOUR_MS;
        due.push(utcDayStart(nowMs) + DAY_MS + Math.floor(spreadMs));
      }
    }
    if (due.length === 0) await core.ports.alarms.clear('send');
    else await core.ports.alarms.at('send', Math.max(Math.min(...due), nowMs + MINUTE_MS / 2));
  }

  // ------------------------------------------------------------------------------------------------------ preparing

  /** What has not been handed over, oldest first, and every field that can be taken out of it. */
  async #prepare(
    id: Reporting,
    lease: Lease,
    settings: ReportSettings,
  ): Promise<{ prepared: Prepared[]; fields: readonly string[] }> {
    const { core } = this.ports;
    const nowMs = core.ports.clock.nowMs();
    const fromMs = utcDayStart(nowMs) - (SHOWN_DAYS - 1) * DAY_MS;
    const rows = await core.openStatus().archive.recordsOf(lease, fromMs);
    if (id === 'crash-reports') {
      const crashes = rows.filter((row) => row.capability === 'crash-reports').filter((row) => !row.handed);
      return { prepared: crashes.map((row) => this.#crash(lease, row, settings)), fields: crashFields };
    }
    const days = new Map<number, CounterRecord[]>();
    for (const row of rows) {
      if (row.capability !== 'usage-statistics') continue;
      const dayMs = utcDayStart(row.atMs);
      days.set(dayMs, [...(days.get(dayMs) ?? []), row]);
    }
    const names = new Set<string>();
    const prepared: Prepared[] = [];
    for (const [dayMs, counted] of days) {
      const fresh = counted.filter((row) => row.count > row.handed);
      if (fresh.length === 0) continue;
      const statistics = this.#statistics(lease, settings, dayMs, counted, nowMs);
      for (const { name } of statisticsFields(statistics)) names.add(name);
      prepared.push(this.#day(lease, statistics, fresh, dayMs, nowMs));
    }
    for (const name of settings.without) names.add(name);
    return { prepared, fields: [...names] };
  }

  #statistics(
    lease: Lease,
    { id, without }: ReportSettings,
    dayMs: number,
    counted: readonly CounterRecord[],
    nowMs: number,
  ): Statistics {
    const handedUpToMs = counted.map((row) => row.handedUpToMs);
    const counters = counted.filter((row) => row.count > row.handed);
    // Up to the last that was counted: the same bytes until something is counted again.
    const toMs = dayMs + DAY_MS <= nowMs ? dayMs + DAY_MS : Math.max(...counters.map((row) => row.atMs));
    return {
      counters: counters.map(({ name, count, handed }) => ({ name, count: count - handed })),
      resource: this.ports.about,
      fromMs: Math.min(Math.max(dayMs, lease.grantedAtMs, ...handedUpToMs), toMs),
      toMs,
      installId: id,
      without,
    };
  }

  #day(lease: Lease, statistics: Statistics, fresh: readonly CounterRecord[], dayMs: number, nowMs: number): Prepared {
    const text = metricsBody(statistics);
    const handedUpToMs = statistics.toMs;
    const marks = fresh.map(({ id, atMs, count: shown }): RecordDraft => {
      const mark = (before: unknown) => {
        if (before === undefined) return undefined;
        // Its own row: what was counted since it was shown stays for the next report.
        const { atMs, name, count, handed } = before as CounterRecord;
        return { atMs, name, count, handed: Math.min(count, Math.max(handed, shown)), handedUpToMs };
      };
      return { key: keyOf(lease, id), atMs, data: mark };
    });
    // A day of which all counts were taken out goes nowhere by itself.
    const says = fresh.some(({ name }) => !statistics.without?.includes(counterField(name)));
    return { lease, atMs: dayMs, text, hash: textHash(text), complete: says && dayMs + DAY_MS <= nowMs, marks };
  }

  #crash(lease: Lease, row: CrashRecord, { without }: ReportSettings): Prepared {
    const { atMs, name, message, frames, version, browser, os, where, eventId } = row;
    const report: CrashReport = {
      crash: { atMs, name, message, frames, version, browser, os, where },
      eventId,
      // The same bytes whenever they are looked at and sent. Without its time, a crash says no more than its day.
      sentAtMs: without.includes('timestamp') ? utcDayStart(atMs) : atMs,
      release: `cloudopt@${version}`,
      environment: 'production',
      without,
    };
    const text = envelopeBody(report);
    const mark = (before: unknown) => {
      if (before === undefined) return undefined;
      return { name, message, frames, version, browser, os, where, eventId, handed: true };
    };
    const marks = [{ key: keyOf(lease, row.id), atMs, data: mark }];
    return { lease, atMs, text, hash: textHash(text), complete: true, marks };
  }
}

const keyOf = ({ grantId }: Lease, id: string): string => id.slice(grantId.length + 1);
