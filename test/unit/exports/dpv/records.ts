/** Consent records as the ledger could hold them, of every capability and state, and facts to go with them. */
import fc from 'fast-check';
import { type CapabilityId, capability, capabilityIds, lifetimes } from '../../../../utils/catalogue/catalogue';
import { deviceFacts, type RecordFacts } from '../../../../utils/exports/dpv/record';
import { actors, ledgerKinds } from '../../../../utils/grants/ledger-entry';
import { type GrantState, grantStates } from '../../../../utils/grants/schema';
import type { ConsentRecord, Notice } from '../../../../utils/messages/contract';

export const NOW_MS = Date.UTC(2026, 10, 24, 12, 30);
const HASH = 'ab'.repeat(32);

export function noticeFor(id: CapabilityId, scope = '*'): Notice {
  return {
    capability: id,
    scope,
    language: 'en',
    policyVersion: '2019-01',
    policyEffective: '2019-01-20',
    controller: 'Cloudopt, support@cloudopt.net',
    name: `The name of ${id}`,
    does: 'What it does.',
    why: 'Why – and «what not».',
    fields: capability(id).fields.map((field) => ({ name: `Field ${field}`, text: `About ${field}` })),
    destination: 'Nobody.',
    place: 'In this browser.',
    retention: 'Kept for a while.',
    refusalCost: 'Nothing.',
    withdrawal: 'One click.',
    clauses: [{ id: 'I.5', title: 'We ask first', text: 'The clause.', hash: HASH }],
    browserPrompt: [{ scope: 'all', text: 'read and change' }],
  };
}

export const entry = (
  seq: number,
  kind: ConsentRecord['events'][number]['kind'],
  by: ConsentRecord['events'][number]['by'] = 'person',
) => ({ seq, atMs: NOW_MS + seq * 1000, kind, by, hash: HASH });

/** A grant that was asked for, given and is in this state now. */
export function recordOf(id: CapabilityId, state: GrantState, more: Partial<ConsentRecord> = {}): ConsentRecord {
  const history = { paused: ['granted', 'paused'], expired: ['granted', 'expired'], revoked: ['granted', 'revoked'] };
  const kinds = [
    'asked',
    ...((history as Record<string, string[]>)[state] ?? [state]),
  ] as (typeof ledgerKinds)[number][];
  return {
    recordId: '0b3c7f0e-5f1c-4c39-8a54-3f2f6f1f9d11',
    capability: id,
    scope: '*',
    state,
    sinceMs: NOW_MS,
    lifetime: 'until-revoked',
    validUntilMs: null,
    policyVersion: '2019-01',
    notice: noticeFor(id),
    events: kinds.map((kind, index) => entry(index + 1, kind)),
    ...more,
  };
}

export const factsFor = (id: CapabilityId, more: Partial<RecordFacts> = {}): RecordFacts => ({
  ...deviceFacts(id, {
    subjectId: '6f1d6f62-2a0b-4a3b-9a3e-0d9c5d1f7a20',
    receiptAtMs: NOW_MS,
    appVersion: '0.1.0',
  }),
  ...more,
});

export const somebody = {
  id: 'https://cloud.example',
  name: 'Somebody',
  address: '1 Street, Town',
  email: 'mail@cloud.example',
  url: 'https://cloud.example/about',
} as const;

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const moment = fc.oneof(fc.integer({ min: 0, max: NOW_MS * 2 }), fc.constantFrom(0, 8.64e15, Number.MAX_SAFE_INTEGER));
const hash = fc.stringMatching(/^[0-9a-f]{64}$/);

const notice = (id: CapabilityId): fc.Arbitrary<Notice> =>
  fc
    .record({
      language: fc.constantFrom('en', 'zh-CN', 'de'),
      name: words,
      does: words,
      why: words,
      fields: fc.array(fc.record({ name: words, text: words }), { maxLength: 3 }),
      clauses: fc.array(fc.record({ id: words, title: words, text: words, hash }), { maxLength: 2 }),
      retention: fc.oneof(words, fc.constant('')),
    })
    .map((drawn) => ({ ...noticeFor(id), ...drawn }));

/** Whatever the ledger says, also what it should never say: any kind by anybody, at any time. */
export const anyRecord: fc.Arbitrary<ConsentRecord> = fc.constantFrom(...capabilityIds).chain((id) =>
  fc.record({
    recordId: fc.oneof(fc.uuid(), fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 })),
    capability: fc.constant(id),
    scope: fc.constantFrom('*', '*://shop.example/*', 'https://*.shop.example/*'),
    state: fc.constantFrom(...grantStates),
    sinceMs: moment,
    lifetime: fc.constantFrom(...lifetimes),
    validUntilMs: fc.option(moment),
    policyVersion: fc.constantFrom('2019-01', null),
    notice: fc.option(notice(id)),
    events: fc
      .array(fc.record({ atMs: moment, kind: fc.constantFrom(...ledgerKinds), by: fc.constantFrom(...actors), hash }), {
        maxLength: 6,
      })
      .map((events) => events.map((event, index) => ({ ...event, seq: index + 1 }))),
  }),
);

export const anyFacts = (id: CapabilityId): fc.Arbitrary<RecordFacts> =>
  fc
    .record({
      subjectId: fc.uuid(),
      receiptAtMs: moment,
      recipients: fc.constantFrom([], [somebody], [somebody, { ...somebody, id: 'https://other.example' }]),
      keepDays: fc.option(fc.integer({ min: 1, max: 3650 })),
      processingLocations: fc.constantFrom<RecordFacts['processingLocations'][]>(
        ['device'],
        ['device', 'loc:DE'],
        ['loc:EU'],
        ['loc:US-CA'],
      ),
      jurisdictions: fc.constantFrom<RecordFacts['jurisdictions'][]>([], ['loc:DE'], ['loc:EU', 'loc:CN']),
    })
    .map((drawn) => factsFor(id, drawn));

export const anyRecordAndFacts = anyRecord.chain((record) =>
  fc.tuple(fc.constant(record), anyFacts(record.capability)),
);
