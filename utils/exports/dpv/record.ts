/** One consent record as JSON-LD: W3C DPV's form of ISO/IEC TS 27560, https://w3id.org/dpv/guides/consent-27560. */
import { type CapabilityId, capability } from '../../catalogue/catalogue';
import { type Scope, siteOf } from '../../catalogue/scope';
import type { ConsentRecord, Notice } from '../../messages/contract';
import { hashOf } from '../../platform/hash';
import { type DpvEvent, type DpvParty, type DpvRecord, typeOfDoer } from './shape';
import {
  BROWSER_SYNC,
  CONSENT_TYPE,
  doerOf,
  ELSEWHERE,
  endingOf,
  endings,
  NOT_APPLICABLE,
  NOT_AVAILABLE,
  processingOf,
  RECEIPT_SCHEMA,
  RECORD_SCHEMA,
  statusOf,
  statusOfState,
  TAG,
  THIS_DEVICE,
  UNKNOWN_LANGUAGE,
} from './terms';

/** Somebody who decides about data or receives it. */
export interface Party {
  /** An IRI. */
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly email: string;
  readonly url: string;
}

/** `device`; `remote`, somewhere else; or a country or union as DPV names it: `loc:DE`, `loc:EU`. */
export type Place = 'device' | 'remote' | `loc:${string}`;

/** What a record says that the ledger does not hold. */
export interface RecordFacts {
  /** Random, of this profile alone. It stands for the person without naming them. */
  readonly subjectId: string;
  /** When the receipt is made. */
  readonly receiptAtMs: number;
  readonly appVersion: string;
  readonly controller: Party;
  readonly recipients: readonly Party[];
  /** Days that collected data is kept; `null` where none is. */
  readonly keepDays: number | null;
  /** Where data is kept and processed. */
  readonly processingLocations: readonly [Place, ...Place[]];
  /** Whose law applies, `loc:DE`; empty where Cloudopt does not know: it does not ask where the person lives. */
  readonly jurisdictions: readonly `loc:${string}`[];
}

/** The policy gives a mail address and a site, and no postal address. */
export const cloudopt: Party = {
  id: 'https://cloudopt.net',
  name: 'Cloudopt',
  address: 'https://cloudopt.net',
  email: 'support@cloudopt.net',
  url: 'https://cloudopt.net',
};

type OwnFacts = Pick<RecordFacts, 'subjectId' | 'receiptAtMs' | 'appVersion'>;

/** The facts of a capability whose data stays on this device. */
export function deviceFacts(id: CapabilityId, facts: OwnFacts): RecordFacts {
  return {
    ...facts,
    controller: cloudopt,
    recipients: [],
    keepDays: capability(id).keepDays,
    processingLocations: ['device'],
    jurisdictions: [],
  };
}

/**
 * The facts of a grant, by where its data goes: whoever holds the endpoint that its notice named, or the place chosen, receives
 * what is sent there.
 */
export function factsOf({ capability: id, scope, notice }: ConsentRecord, facts: OwnFacts): RecordFacts {
  const { destination } = capability(id);
  const endpoint = notice?.endpoint;
  const own = deviceFacts(id, facts);
  if (destination === 'sync-place') {
    return { ...own, recipients: [syncPlace(scope)], processingLocations: ['device', 'remote'] };
  }
  if (!endpoint) return own;
  const { origin } = new URL(endpoint.url);
  // Of an organisation's server no more is known than its address and place.
  const email = endpoint.byOrganisation ? NOT_AVAILABLE : cloudopt.email;
  return {
    ...own,
    recipients: [{ id: origin, name: origin, address: endpoint.place, email, url: origin }],
  };
}

/** Whoever holds a place of synchronization. Of them Cloudopt knows the server's origin, or nothing but what they do. */
function syncPlace(scope: Scope): Party {
  const host = siteOf(scope)?.host;
  const [name, id] =
    host === undefined ? [BROWSER_SYNC, tag('recipient', 'browser-sync')] : [`https://${host}`, `https://${host}`];
  return { id, name, address: NOT_AVAILABLE, email: NOT_AVAILABLE, url: host === undefined ? NOT_AVAILABLE : id };
}

/** The last moment that a date can hold. */
const LAST_MS = 8.64e15;
export const iso = (atMs: number): string => new Date(Math.min(atMs, LAST_MS)).toISOString();

const tag = (kind: string, name: string): string => `${TAG}${kind}/${encodeURIComponent(name)}`;

/** A UUID of version 8 (RFC 9562), whose bits are for its maker to choose, out of a hash. */
function uuidOf(hash: string): string {
  const variant = ((Number.parseInt(hash.charAt(16), 16) & 3) | 8).toString(16);
  const digits = `${hash.slice(0, 12)}8${hash.slice(13, 16)}${variant}${hash.slice(17, 32)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The members whose value is there: JSON has no `undefined`, and the shape no empty text. */
const given = <K extends string>(members: Readonly<Record<K, string | undefined>>): Partial<Record<K, string>> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value)) as Partial<Record<K, string>>;

const places = (facts: RecordFacts): string[] =>
  facts.processingLocations.flatMap((place) =>
    place === 'device' ? [...THIS_DEVICE] : [place === 'remote' ? ELSEWHERE : place],
  );

function partyOf(party: Party, role: 'dpv:DataController' | 'dpv:Recipient'): DpvParty {
  return {
    '@id': party.id,
    '@type': ['dpv:LegalEntity', role],
    'dpv:hasIdentifier': party.id,
    'dpv:hasName': party.name,
    'dpv:hasAddress': party.address,
    'dpv:hasContact': { '@type': 'schema:ContactPoint', 'schema:email': party.email, 'schema:url': party.url },
  };
}

function noticeOf(notice: Notice | null, policyVersion: string | null): DpvRecord['dpv:hasNotice'] {
  const hash = notice === null ? undefined : hashOf(notice);
  const version = notice?.policyVersion ?? policyVersion;
  return {
    '@id': tag('notice', hash ?? 'unknown'),
    '@type': 'dpv:ConsentNotice',
    'dct:language': notice?.language ?? UNKNOWN_LANGUAGE,
    ...given({ 'dct:identifier': hash, 'dct:title': notice?.name }),
    ...(version === null
      ? {}
      : {
          'dct:references': {
            '@id': tag('policy', version),
            '@type': 'dpv:PrivacyNotice',
            'schema:version': version,
            ...given({ 'dct:date': notice?.policyEffective }),
            ...(notice === null
              ? {}
              : {
                  'cloudopt:clause': notice.clauses.map((clause) => ({
                    'dct:identifier': clause.id,
                    'dct:title': clause.title,
                    'dct:description': clause.text,
                    'cloudopt:sha256': clause.hash,
                  })),
                }),
          },
        }),
  };
}

function personalDataOf(id: CapabilityId, notice: Notice | null): DpvRecord['dpv:hasProcess']['dpv:hasPersonalData'] {
  const common = { '@type': 'dpv:PersonalData', 'skos:broader': processingOf(id).data } as const;
  const fields = notice
    ? notice.fields.map(({ name, text }) => ({ ...common, ...given({ 'dct:title': name, 'dct:description': text }) }))
    : capability(id).fields.map((field) => ({ ...common, 'dct:identifier': field }));
  if (fields.length > 0) return fields;
  return [{ '@type': 'dpv:PersonalData', 'dpv:hasApplicability': NOT_APPLICABLE }];
}

function processOf(record: ConsentRecord, facts: RecordFacts): DpvRecord['dpv:hasProcess'] {
  const { capability: id, notice } = record;
  const { keepDays, recipients, jurisdictions } = facts;
  return {
    '@type': 'dpv:Process',
    'dpv:hasService': { '@type': 'dpv:Service', 'dct:identifier': id, 'dpv:hasScope': record.scope },
    'dpv:hasPurpose': {
      '@type': 'dpv:Purpose',
      'skos:broader': processingOf(id).purpose,
      ...given({ 'dct:title': notice?.does, 'dct:description': notice?.why }),
    },
    'dpv:hasLegalBasis': CONSENT_TYPE,
    'dpv:hasPersonalData': personalDataOf(id, notice),
    'dpv:hasDataController': [{ '@id': facts.controller.id }],
    'dpv:hasStorageCondition': [
      {
        '@type': 'dpv:StorageLocation',
        'dpv:hasLocation': places(facts),
        ...given({ 'dct:description': notice?.place }),
      },
      {
        '@type': 'dpv:StorageDuration',
        'dpv:hasDuration':
          keepDays === null
            ? { '@type': 'dpv:Duration', 'dpv:hasApplicability': NOT_APPLICABLE }
            : { '@type': 'dpv:TemporalDuration', 'rdf:value': `P${keepDays}D` },
        ...given({ 'dct:description': notice?.retention }),
      },
    ],
    'dpv:hasProcessingCondition': { '@type': 'dpv:ProcessingLocation', 'dpv:hasLocation': places(facts) },
    'dpv:hasRecipient':
      recipients.length > 0
        ? recipients.map(({ id: recipient }) => ({ '@id': recipient }))
        : [{ '@type': 'dpv:Recipient', 'dpv:hasApplicability': NOT_APPLICABLE }],
    'dpv:hasJurisdiction':
      jurisdictions.length > 0
        ? [...jurisdictions]
        : [{ '@type': 'dpv:Jurisdiction', 'dpv:hasApplicability': NOT_AVAILABLE }],
    'dpv:hasConsentControl': {
      '@type': 'dpv:WithdrawConsent',
      'dpv:isExercisedAt': tag('options', 'permissions'),
      ...given({ 'dct:description': notice?.withdrawal }),
    },
    'dpv:hasRight': { '@type': 'dpv:DataSubjectRight', 'dpv:isExercisedAt': tag('options', 'data') },
  };
}

/** How long the record's last state holds: to a moment, or until something happens. */
function lastDuration(record: ConsentRecord): DpvEvent['dpv:hasDuration'] {
  if (record.state !== 'granted') return { '@type': 'dpv:UntilEventDuration', 'rdf:value': endings.question };
  if (record.validUntilMs !== null) return { '@type': 'dpv:UntilTimeDuration', 'rdf:value': iso(record.validUntilMs) };
  return { '@type': 'dpv:UntilEventDuration', 'rdf:value': endingOf[record.lifetime] };
}

type Entry = ConsentRecord['events'][number];

/** The entries that changed the consent, and the others, each in the ledger's order. */
function historyOf(record: ConsentRecord, facts: RecordFacts) {
  const partyIds = { subject: tag('subject', facts.subjectId), controller: facts.controller.id };
  const doer = (by: Entry['by']) => {
    const who = doerOf[by];
    return { '@id': who === 'other' ? tag('actor', by) : partyIds[who], '@type': typeOfDoer[who] };
  };
  const factsOf = ({ kind, by, seq, hash }: Entry) => ({
    'cloudopt:kind': kind,
    'cloudopt:by': by,
    'cloudopt:seq': seq,
    'cloudopt:hash': hash,
  });
  const entries = [...record.events].sort((a, b) => a.seq - b.seq);
  const changes = entries.flatMap((entry) => {
    const status = statusOf(entry.kind, entry.by);
    return status === null ? [] : [{ entry, status }];
  });
  const events = changes.map(({ entry, status }, index) => {
    const next = changes[index + 1]?.entry;
    return {
      '@type': status,
      'dpv:isIndicatedAtTime': iso(entry.atMs),
      'dpv:isIndicatedBy': doer(entry.by),
      'dpv:hasLegalBasis': CONSENT_TYPE,
      // What has passed held until the next event; a clock that was put back makes no span negative.
      'dpv:hasDuration': next
        ? { '@type': 'dpv:UntilTimeDuration' as const, 'rdf:value': iso(Math.max(entry.atMs, next.atMs)) }
        : lastDuration(record),
      ...factsOf(entry),
    } as const;
  });
  const present = {
    '@type': statusOfState[record.state],
    'dpv:isIndicatedAtTime': iso(record.sinceMs),
    'dpv:isIndicatedBy': doer('recovery'),
    'dpv:hasLegalBasis': CONSENT_TYPE,
    'dpv:hasDuration': lastDuration(record),
    'cloudopt:state': record.state,
  } as const;
  const others = entries.filter((entry) => statusOf(entry.kind, entry.by) === null);
  return {
    events: events.length > 0 ? events : ([present] as [typeof present]),
    others: others.map((entry) => ({
      '@type': 'cloudopt:Entry' as const,
      'dct:date': iso(entry.atMs),
      ...factsOf(entry),
    })),
  };
}

/** The record with every field that ISO/IEC TS 27560 requires. The same record and facts always give the same object. */
export function dpvRecord(record: ConsentRecord, facts: RecordFacts): DpvRecord {
  const { recordId, state, sinceMs, lifetime, validUntilMs } = record;
  const { events, others } = historyOf(record, facts);
  const body: Omit<DpvRecord, 'receipt' | 'cloudopt:sha256'> = {
    '@id': tag('record', recordId),
    '@type': 'dpv:ConsentRecord',
    'dct:conformsTo': RECORD_SCHEMA,
    'dct:identifier': recordId,
    'dct:creator': {
      '@type': 'schema:SoftwareApplication',
      'schema:name': cloudopt.name,
      'schema:softwareVersion': facts.appVersion,
    },
    'dpv:hasDataSubject': {
      '@id': tag('subject', facts.subjectId),
      '@type': 'dpv:DataSubject',
      'dct:identifier': facts.subjectId,
    },
    'dpv:hasNotice': noticeOf(record.notice, record.policyVersion),
    'dpv:hasProcess': processOf(record, facts),
    'dpv:hasEntity': [
      partyOf(facts.controller, 'dpv:DataController'),
      ...facts.recipients.map((party) => partyOf(party, 'dpv:Recipient')),
    ],
    'dpv:hasConsentStatus': events,
    'cloudopt:otherEntry': others,
    'cloudopt:state': state,
    'cloudopt:since': iso(sinceMs),
    'cloudopt:lifetime': lifetime,
    ...(validUntilMs === null ? {} : { 'cloudopt:validUntil': iso(validUntilMs) }),
  };
  const created = iso(facts.receiptAtMs);
  const receiptId = uuidOf(hashOf({ body, created }));
  const whole = {
    ...body,
    receipt: {
      '@id': tag('receipt', receiptId),
      '@type': 'dpv:ConsentReceipt',
      'dct:conformsTo': RECEIPT_SCHEMA,
      'dct:identifier': receiptId,
      'dct:created': created,
    },
  } as const;
  return { ...whole, 'cloudopt:sha256': hashOf(whole) };
}

/** Whether a record is as it was written, by the hash that it carries. */
export function isIntact(record: object): boolean {
  const { 'cloudopt:sha256': hash, ...rest } = record as Partial<DpvRecord>;
  return hashOf(rest) === hash;
}
