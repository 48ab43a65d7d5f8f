/**
 * One cycle: read, merge, write, and read back until the place holds all that is here. Correct on places that ignore `If-Match`, tear
 * or lose writes; where a place honours it, that saves retries and nothing else. What is sent was committed here before.
 */
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../platform/clock';
import { type Document, decodeDocument, ENTRIES_MAX, emptyDocument, encodeDocument } from './document';
import { type Keyring, labelOf, newestKey, openDocument, sealDocument } from './envelope';
import { holdsAll, missingFrom } from './merge';
import type { FileName, Provider, Put, Trouble } from './providers/provider';
import type { LocalSettings } from './settings';
import { type CycleTrouble, noteLocal, type SyncState, skewOf, takeIn, type WarningKind, warned } from './state';

export type Committed<T> =
  | { kind: 'kept'; result: T }
  | { kind: 'stale-lease' }
  | { kind: 'full' }
  | { kind: 'failed'; why: string };

export interface CyclePorts {
  readonly provider: Provider;
  readonly keyring: Keyring;
  readonly signal: AbortSignal;
  nowMs(): number;
  wait(ms: number): Promise<void>;
  /** From 0 up to 1. */
  random(): number;
  /** Reads the local settings and the state, and commits what `step` makes of them, in one fenced transaction. */
  commit<T>(
    step: (local: LocalSettings, state: SyncState) => { state: SyncState; apply?: LocalSettings; result: T },
  ): Promise<Committed<T>>;
}

export type CycleOutcome =
  /** The place holds all that is here, and the other way round. While joining: all was pulled. */
  | { kind: 'synced'; sent: number; received: number }
  /** What waits, waits on this device; it is tried again. */
  | { kind: 'behind'; why: CycleTrouble; status: number | null; notBeforeMs: number }
  /** The data key was replaced elsewhere: the keys have to be opened anew. */
  | { kind: 'needs-secret' }
  /** Sync was turned off elsewhere and the remote copy deleted. */
  | { kind: 'closed' }
  /** The place holds another vault by now. Nothing of it was touched. */
  | { kind: 'other-vault' }
  /** A later version of Cloudopt wrote what this one can't read. Nothing of it was touched. */
  | { kind: 'newer-format' }
  /** The grant ended. */
  | { kind: 'halted' }
  /** This device could not keep it, so nothing was sent. */
  | { kind: 'not-kept'; why: 'full' | 'failed'; detail: string | null };

/** How often a cycle reads, at most. */
export const ROUNDS_MAX = 8;
/** So often is what can't be read read again, before a device with a past of its own writes over it. */
export const DAMAGED_TRIES = 3;
/** So many times in a row is a passing fault tried again within one cycle. */
export const FAULTS_MAX = 2;
/** After so many refusals in a row a tag is no longer sent: what is asked for is what stands there. */
export const REFUSALS_MAX = 2;

const WAIT_MS = 300;
const BACKOFF_MS = 30 * SECOND_MS;
const BACKOFF_MS_MAX = 60 * MINUTE_MS;

/** Troubles that are often over at once. */
const passing: readonly CycleTrouble[] = ['offline', 'locked', 'server-error'];

/** Troubles of a place that would take the file itself, but not another one beside it. */
const noRoom: readonly CycleTrouble[] = ['full', 'too-large'];

/** What takes a step off its way: this round is over, or the cycle is. */
type Detour = { kind: 'again' } | { kind: 'end'; outcome: CycleOutcome };
type Read =
  | { kind: 'document'; document: Document; tag: string | null; retired: boolean }
  | { kind: 'missing' }
  /** `text`: what came, where it came whole. */
  | { kind: 'damaged'; text: string | null; tag: string | null };
type Taken = { kind: 'unsent'; state: SyncState } | { kind: 'settled' };

const again: Detour = { kind: 'again' };
const end = (outcome: CycleOutcome): Detour => ({ kind: 'end', outcome });
const isDetour = (step: { kind: string } | null): step is Detour => step?.kind === 'again' || step?.kind === 'end';

/** Never two at once for one state: the caller keeps the queue. */
export const runCycle = (ports: CyclePorts): Promise<CycleOutcome> => new Cycle(ports).run();

class Cycle {
  readonly #startMs: number;
  #sent = 0;
  #received = 0;
  #faults = 0;
  #refusals = 0;
  #damaged = 0;
  #skewMs: number | null = null;
  readonly #warned = new Set<WarningKind>();

  constructor(private readonly ports: CyclePorts) {
    this.#startMs = ports.nowMs();
  }

  async run(): Promise<CycleOutcome> {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      if (round > 0)
        await this.ports.wait(Math.round(WAIT_MS * 2 ** Math.min(round - 1, 4) * (0.5 + this.ports.random())));
      const step = await this.#round();
      if (step.kind === 'end') return step.outcome;
    }
    const step = await this.#behind(this.#damaged > 0 ? 'damaged' : 'contended');
    return step.outcome;
  }

  async #round(): Promise<Detour> {
    const read = await this.#read();
    if (isDetour(read)) return read;
    this.#damaged = read.kind === 'damaged' ? this.#damaged + 1 : 0;
    if (read.kind === 'damaged' && this.#damaged < DAMAGED_TRIES) return again;
    const taken = await this.#take(read);
    if (isDetour(taken)) return taken;
    if (taken.kind === 'settled') return end({ kind: 'synced', sent: this.#sent, received: this.#received });
    return (await this.#prepare(read, taken.state)) ?? (await this.#send(read, taken.state));
  }

  async #read(): Promise<Read | Detour> {
    const got = await this.#asked(() => this.ports.provider.get('settings'));
    switch (got.kind) {
      case 'found':
        if (got.dateMs !== null) this.#skewMs = skewOf(got.dateMs, this.ports.nowMs());
        return this.#opened(got.text, got.tag);
      case 'torn':
        return { kind: 'damaged', text: null, tag: null };
      case 'closed':
        return end({ kind: 'closed' });
      default:
        return got;
    }
  }

  async #opened(text: string, tag: string | null): Promise<Read | Detour> {
    const opened = await openDocument(text, this.ports.keyring);
    if (opened.kind === 'unknown-key') return this.#stopped({ kind: 'needs-secret' });
    if (opened.kind === 'other-vault') return this.#stopped({ kind: 'other-vault' });
    if (opened.kind === 'damaged') return { kind: 'damaged', text, tag };
    const decoded = decodeDocument(opened.bytes);
    if (decoded.kind === 'document')
      return { kind: 'document', document: decoded.document, tag, retired: opened.retired };
    return decoded.why === 'newer-format' ? this.#stopped({ kind: 'newer-format' }) : { kind: 'damaged', text, tag };
  }

  /** Commits what was read together with what was changed here meanwhile. */
  async #take(read: Read): Promise<Taken | Detour> {
    const committed = await this.#commit((local, before) => {
      const nowMs = this.ports.nowMs();
      const joining = before.phase === 'joining';
      const timed = this.#skewMs === null ? before : { ...before, skewMs: this.#skewMs };
      // Whoever was removed still has the old key: what it seals is used only by who has nothing else.
      const remote = remoteOf(read, joining);
      const taken = remote && takeIn(timed, local, remote, nowMs, this.#startMs);
      const noted = taken?.state ?? noteLocal(timed, local, nowMs);
      const settled =
        remote !== undefined && (joining || (read.kind === 'document' && holdsAll(remote, noted.document)));
      const result = { settled, joining, sent: taken?.sent ?? 0, received: taken?.changes.length ?? 0 };
      const state: SyncState = settled
        ? { ...noted, lastSyncMs: joining ? null : nowMs, lastTrouble: null, failures: 0, notBeforeMs: 0 }
        : this.#telling(noted, read, nowMs);
      return { state, ...(taken?.apply ? { apply: taken.apply } : {}), result: { ...result, state } };
    });
    if (isDetour(committed)) return committed;
    const { settled, joining, sent, received, state } = committed.result;
    this.#sent += sent;
    this.#received += received;
    if (settled) return { kind: 'settled' };
    return joining ? this.#behind('damaged') : { kind: 'unsent', state };
  }

  /** Says once what of the file is not used. */
  #telling(state: SyncState, read: Read, nowMs: number): SyncState {
    const count = read.kind === 'document' && read.retired ? missingFrom(state.document, read.document).length : 0;
    const why = read.kind === 'damaged' ? 'damaged' : count > 0 ? 'old-key' : undefined;
    if (!why || this.#warned.has(why)) return state;
    this.#warned.add(why);
    return warned(state, { why, ...(count > 0 ? { count } : {}) }, nowMs);
  }

  /** Before this device's settings take the place of nothing, of what can't be read, or of what an old key sealed. */
  async #prepare(read: Read, state: SyncState): Promise<Detour | null> {
    if (read.kind === 'document' && !read.retired && state.lastSyncMs !== null) return null;
    const detour = await this.#checkKeys(read, state);
    if (detour || read.kind !== 'damaged' || read.text === null) return detour;
    return this.#keepDamaged('settings', read.text);
  }

  /**
   * Keeps what can't be read beside its file. Where the place has no room for it, it goes: nobody can open it, and what this device
   * has would otherwise never be sent again.
   */
  async #keepDamaged(name: FileName, text: string): Promise<Detour | null> {
    return this.#put(async () => {
      const kept = await this.ports.provider.keepDamaged(name, text);
      return isTrouble(kept) && noRoom.includes(kept.why) ? { kind: 'put', tag: null } : kept;
    });
  }

  /** The file of keys has to be there, of this vault, and no older than the key that seals. */
  async #checkKeys(read: Read, state: SyncState): Promise<Detour | null> {
    const got = await this.#asked(() => this.ports.provider.get('keys'));
    if (isDetour(got)) return got;
    if (got.kind === 'closed') return end({ kind: 'closed' });
    // One file is lost by accident; both are gone where somebody deleted the copy, and then nobody writes it anew unasked.
    const hadIt = state.lastSyncMs !== null;
    if (hadIt && read.kind === 'missing' && got.kind === 'missing') return this.#stopped({ kind: 'closed' });
    const label = got.kind === 'found' ? labelOf(got.text) : undefined;
    const { vault } = this.ports.keyring;
    const { epoch } = newestKey(this.ports.keyring);
    if (label && label.vault !== vault) return this.#stopped({ kind: 'other-vault' });
    if (label && label.epoch > epoch) return this.#stopped({ kind: 'needs-secret' });
    if (label?.epoch === epoch) return null;
    if (got.kind === 'found' && !label) {
      const detour = await this.#keepDamaged('keys', got.text);
      if (detour) return detour;
    }
    return this.#put(() => this.ports.provider.put('keys', state.keysFile, null));
  }

  /** Sends all that is here; what became of it is read back in the next round. */
  async #send(read: Read, state: SyncState): Promise<Detour> {
    if (Object.keys(state.document.entries).length > ENTRIES_MAX) return this.#behind('too-large');
    const sealed = await sealDocument(encodeDocument(state.document), this.ports.keyring);
    if (sealed.kind === 'too-large' || sealed.text.length > this.ports.provider.bytesMax)
      return this.#behind('too-large');
    const tag = read.kind === 'missing' || !state.honoursIfMatch || this.#refusals >= REFUSALS_MAX ? null : read.tag;
    return (await this.#put(() => this.ports.provider.put('settings', sealed.text, tag))) ?? again;
  }

  async #put(put: () => Promise<Put>): Promise<Detour | null> {
    const done = await this.#asked(put);
    if (isDetour(done)) return done;
    this.#refusals = done.kind === 'changed' ? this.#refusals + 1 : 0;
    return done.kind === 'changed' ? again : null;
  }

  /** Asks the place for something, unless the grant has ended; a trouble becomes another round or the end of the cycle. */
  async #asked<T extends { kind: string }>(ask: () => Promise<T | Trouble>): Promise<T | Detour> {
    if (this.ports.signal.aborted) return end({ kind: 'halted' });
    const answer = await ask();
    if (this.ports.signal.aborted) return end({ kind: 'halted' });
    return isTrouble(answer) ? this.#trouble(answer) : answer;
  }

  async #trouble({ why, afterMs, status }: Trouble): Promise<Detour> {
    if (why === 'halted') return end({ kind: 'halted' });
    if (afterMs === null && passing.includes(why) && this.#faults++ < FAULTS_MAX) return again;
    return this.#behind(why, status, afterMs);
  }

  /** Ends the cycle with what waits noted as changed now, not when it can be sent. */
  async #behind(
    why: CycleTrouble,
    status: number | null = null,
    afterMs: number | null = null,
  ): Promise<Detour & { kind: 'end' }> {
    const committed = await this.#commit((local, before) => {
      const nowMs = this.ports.nowMs();
      const backoffMs = Math.min(BACKOFF_MS * 2 ** Math.min(before.failures, 20), BACKOFF_MS_MAX);
      const pauseMs = afterMs === null ? backoffMs * (0.75 + this.ports.random() / 2) : Math.min(afterMs, DAY_MS);
      const notBeforeMs = nowMs + Math.round(pauseMs);
      const state = {
        ...noteLocal(before, local, nowMs),
        lastTrouble: { atMs: nowMs, why },
        failures: before.failures + 1,
        notBeforeMs,
      };
      return { state, result: notBeforeMs };
    });
    return committed.kind === 'end'
      ? committed
      : { kind: 'end', outcome: { kind: 'behind', why, status, notBeforeMs: committed.result } };
  }

  async #stopped(outcome: CycleOutcome): Promise<Detour> {
    const committed = await this.#commit((local, before) => ({
      state: noteLocal(before, local, this.ports.nowMs()),
      result: null,
    }));
    return committed.kind === 'end' ? committed : end(outcome);
  }

  async #commit<T>(
    step: Parameters<typeof this.ports.commit<T>>[0],
  ): Promise<{ kind: 'kept'; result: T } | { kind: 'end'; outcome: CycleOutcome }> {
    if (this.ports.signal.aborted) return { kind: 'end', outcome: { kind: 'halted' } };
    const committed = await this.ports.commit(step);
    switch (committed.kind) {
      case 'kept':
        return committed;
      case 'stale-lease':
        return { kind: 'end', outcome: { kind: 'halted' } };
      case 'full':
        return { kind: 'end', outcome: { kind: 'not-kept', why: 'full', detail: null } };
      case 'failed':
        return { kind: 'end', outcome: { kind: 'not-kept', why: 'failed', detail: committed.why } };
    }
  }
}

const isTrouble = (answer: { kind: string }): answer is Trouble => answer.kind === 'trouble';

/** The document to merge; `undefined` where none can be relied on. */
function remoteOf(read: Read, joining: boolean): Document | undefined {
  if (read.kind === 'missing') return emptyDocument;
  return read.kind === 'document' && (!read.retired || joining) ? read.document : undefined;
}
