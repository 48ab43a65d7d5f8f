import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CapabilityId } from '../../../utils/catalogue/catalogue';
import { ledgerEntry } from '../../../utils/grants/ledger-entry';
import { type GrantEvent, type GrantStateOrOff, grantEvents, isLive, transition } from '../../../utils/grants/machine';
import { type Fence, fenceRow, type Grant, grantRow, grantStates } from '../../../utils/grants/schema';
import { freshBook, ledgerOf, noticeRef, verdictOf } from '../store';

/** The specification, written apart from the code: state after the event and the ledger's word, or nothing. */
const spec: Record<GrantStateOrOff, Record<GrantEvent, string>> = {
  off: { allow: 'granted', refuse: 'refused', never: 'never', revoke: 'revoked', expire: '', pause: '' },
  granted: { allow: 'granted', refuse: '', never: 'never', revoke: 'revoked', expire: 'expired', pause: 'paused' },
  refused: { allow: 'granted', refuse: 'refused', never: 'never', revoke: 'revoked', expire: '', pause: '' },
  never: { allow: 'granted', refuse: 'refused', never: 'never', revoke: 'revoked', expire: '', pause: '' },
  revoked: { allow: 'granted', refuse: 'refused', never: 'never', revoke: 'revoked', expire: '', pause: '' },
  expired: { allow: 'granted', refuse: 'refused', never: 'never', revoke: 'revoked', expire: '', pause: '' },
  paused: { allow: 'granted resumed', refuse: 'refused', never: 'never', revoke: 'revoked', expire: '', pause: '' },
};

/** Events that lead from nothing to a state. */
const paths: Record<GrantStateOrOff, readonly GrantEvent[]> = {
  off: [],
  granted: ['allow'],
  refused: ['refuse'],
  never: ['never'],
  revoked: ['allow', 'revoke'],
  expired: ['allow', 'expire'],
  paused: ['allow', 'pause'],
};

const states = ['off', ...grantStates] as const;
const every = states.flatMap((from) => grantEvents.map((event) => ({ from, event, says: spec[from][event] })));
const about = { capability: 'browsing-time', scope: '*', by: 'person', notice: noticeRef() } as const;

describe('the table', () => {
  test.each(every)('from $from, $event: "$says"', ({ from, event, says }) => {
    const step = transition(from, event);
    const [to, kind = to] = says.split(' ');
    expect(step).toEqual(says === '' ? undefined : { to, kind });
  });

  test('leads to a live state by Allow alone', () => {
    for (const { from, event } of every) {
      const step = transition(from, event);
      if (step && isLive(step.to)) expect(event).toBe('allow');
    }
  });
});

describe('each transition, in the book', () => {
  test.each(every)('from $from, $event: "$says"', async ({ from, event, says }) => {
    const { book, database, clock, commits } = await freshBook();
    for (const step of paths[from]) await book.change({ ...about, event: step });
    const before = await book.everything();
    const was: Grant | undefined = before.grants[0];
    const entriesBefore = await ledgerOf(database);
    const commitsBefore = commits.length;
    expect(was?.state ?? 'off').toBe(from);

    const changed = await book.change({ ...about, event });
    const { grants, fences, unreadable } = await book.everything();
    const entries = await ledgerOf(database);
    expect(unreadable).toBe(0);
    expect(await verdictOf(database)).toMatchObject({ kind: 'intact', entries: entries.length });

    if (says === '') {
      expect(changed).toEqual({ kind: 'unchanged', grant: was });
      expect({ grants, fences }).toEqual({ grants: before.grants, fences: before.fences });
      expect(entries).toEqual(entriesBefore);
      expect(commits).toHaveLength(commitsBefore);
      return;
    }
    const [state, kind = state] = says.split(' ');
    const [grant] = grants;
    const [fence] = fences;
    const entry = entries.at(-1);
    expect(changed).toEqual({ kind: 'changed', grant, fence, entry, before: was });
    expect(grant).toMatchObject({ state, sinceMs: clock.at });
    expect(fence).toMatchObject({ live: state === 'granted', epoch: grant?.epoch, grantId: grant?.grantId });
    expect(entry).toMatchObject({ kind, epoch: grant?.epoch, grantId: grant?.grantId, maxEpoch: grant?.epoch });
    expect(entries).toHaveLength(entriesBefore.length + 1);
    expect(grant?.epoch).toBeGreaterThan(was?.epoch ?? 0);
    expect(commits.at(-1)?.head).toMatchObject({ seq: entry?.seq, hash: entry?.hash, maxEpoch: grant?.epoch });
    // A grant that ended is sealed under its id; one given anew has another id.
    const ended = from === 'granted' && state !== 'granted';
    expect(grant?.seals.some((seal) => seal.grantId === was?.grantId) ?? false).toBe(
      ended || (from === 'paused' && state !== 'granted') || ['revoked', 'expired'].includes(from),
    );
    if (event === 'allow' && was) expect(grant?.grantId === was.grantId).toBe(from === 'granted' || from === 'paused');
  });
});

describe('any life of grants', () => {
  const capabilities: CapabilityId[] = ['site-insight', 'browsing-time'];
  const step = fc.record({
    capability: fc.constantFrom(...capabilities),
    scope: fc.constantFrom('*', '*://a.example/*', '*://b.example/*'),
    event: fc.constantFrom(...grantEvents),
    exclude: fc.boolean(),
    lifetime: fc.constantFrom('until-revoked' as const, 'session' as const, 'hour' as const),
  });

  test('state, fence and ledger agree, epochs only rise, ids of ended grants never come back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const { book, database, clock } = await freshBook();
        const over = new Set<string>();
        for (const { exclude, ...change } of steps) {
          clock.at += 1000;
          const before = (await book.everything()).grants;
          const takes = exclude && change.event === 'revoke' && change.scope !== '*';
          const changed = await book.change({ ...about, ...change, ...(takes ? { exclude: true } : {}) });
          if (changed.kind !== 'changed') continue;
          const was = before.find((grant) => grant.capability === change.capability && grant.scope === change.scope);
          if (was && was.grantId !== changed.grant.grantId) over.add(was.grantId);
          expect(over).not.toContain(changed.grant.grantId);
        }
        const entries = await ledgerOf(database);
        const { grants, fences, unreadable } = await book.everything();
        expect(unreadable).toBe(0);
        expect(await verdictOf(database)).toMatchObject({ kind: 'intact', entries: entries.length });
        expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, index) => index + 1));
        expect(entries.map((entry) => entry.epoch)).toEqual(entries.map((_, index) => index + 1));
        expect(fences).toHaveLength(grants.length);
        for (const grant of grants) {
          const same = (row: { capability: string | null; scope: string | null }) =>
            row.capability === grant.capability && row.scope === grant.scope;
          const fence = fences.find(same) as Fence;
          const last = entries.findLast(same);
          expect(fence).toMatchObject({ epoch: grant.epoch, grantId: grant.grantId, live: grant.state === 'granted' });
          expect(last).toMatchObject({ epoch: grant.epoch, grantId: grant.grantId });
          expect(grantRow.safeParse(grant).success && fenceRow.safeParse(fence).success).toBe(true);
        }
        for (const entry of entries) expect(ledgerEntry.safeParse(entry).success).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
