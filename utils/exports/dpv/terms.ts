/**
 * The words of the exported consent records: terms of the W3C Data Privacy Vocabulary (DPV 2.2), chosen as its guide to
 * ISO/IEC TS 27560 maps the standard's fields: https://w3id.org/dpv/guides/consent-27560 (the tables under 'Mappings of
 * Terms'). What DPV has no word for is Cloudopt's own, under `cloudopt:`.
 */
import { type CapabilityId, capability, type Lifetime } from '../../catalogue/catalogue';
import type { Actor, LedgerKind } from '../../grants/ledger-entry';
import type { GrantState } from '../../grants/schema';

/** The schema versions that the guide names, for a record and for its receipt. */
export const RECORD_SCHEMA = 'https://w3id.org/dpv/schema/dpv-27560#record';
export const RECEIPT_SCHEMA = 'https://w3id.org/dpv/schema/dpv-27560#receipt';

/** Names for what has no address on the web: tag URIs (RFC 4151). */
export const TAG = 'tag:cloudopt.net,2026:';

const iri = { '@type': '@id' } as const;
const moment = { '@type': 'xsd:dateTime' } as const;

/** The JSON-LD context of a bundle, inline: reading one fetches nothing. Another context is another `version`. */
export const context = {
  dpv: 'https://w3id.org/dpv#',
  pd: 'https://w3id.org/dpv/pd#',
  loc: 'https://w3id.org/dpv/loc#',
  tech: 'https://w3id.org/dpv/tech#',
  dct: 'http://purl.org/dc/terms/',
  schema: 'https://schema.org/',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
  cloudopt: 'tag:cloudopt.net,2026:terms/',
  format: 'dct:format',
  version: 'schema:version',
  exportedAt: { '@id': 'dct:issued', ...moment },
  appVersion: 'schema:softwareVersion',
  records: 'dct:hasPart',
  receipt: { '@reverse': 'dpv:hasRecordOfActivity' },
  'dct:conformsTo': iri,
  'dct:created': moment,
  'dpv:hasApplicability': iri,
  'dpv:hasDataController': iri,
  'dpv:hasJurisdiction': iri,
  'dpv:hasLegalBasis': iri,
  'dpv:hasLocation': iri,
  'dpv:hasRecipient': iri,
  'dpv:isExercisedAt': iri,
  'dpv:isIndicatedAtTime': moment,
  'schema:url': iri,
  'skos:broader': iri,
  'cloudopt:since': moment,
  'cloudopt:validUntil': moment,
} as const;

/** Consent is always given by a button that does nothing else. */
export const CONSENT_TYPE = 'dpv:ExplicitlyExpressedConsent';

/** A field that must be there, in a record that has nothing to put into it. */
export const NOT_APPLICABLE = 'dpv:NotApplicable';
/** The same where there is something, but Cloudopt does not know it. */
export const NOT_AVAILABLE = 'dpv:NotAvailable';

/** This device. DPV 2.2 announces the end of `dpv:WithinDevice`, which the guide still uses, in favour of `tech:Device`. */
export const THIS_DEVICE = ['dpv:LocalLocation', 'tech:Device'] as const;

/** Another place than this device, whichever it is. */
export const ELSEWHERE = 'dpv:RemoteLocation';
/** Whoever receives what is handed to the browser's own sync, as a record names them: which maker, it does not know. */
export const BROWSER_SYNC = 'Maker of this browser, through its own sync';

/** BCP 47's tag for a language that is not known. */
export const UNKNOWN_LANGUAGE = 'und';

export const statuses = [
  'dpv:ConsentRequested',
  'dpv:ConsentRequestDeferred',
  'dpv:ConsentGiven',
  'dpv:RenewedConsentGiven',
  'dpv:ConsentRefused',
  'dpv:ConsentWithdrawn',
  'dpv:ConsentRevoked',
  'dpv:ConsentExpired',
  'dpv:ConsentInvalidated',
] as const;
export type Status = (typeof statuses)[number];

export const statusOfState = {
  granted: 'dpv:ConsentGiven',
  refused: 'dpv:ConsentRefused',
  never: 'dpv:ConsentRefused',
  revoked: 'dpv:ConsentWithdrawn',
  expired: 'dpv:ConsentExpired',
  // The clauses that it was given under have changed in substance.
  paused: 'dpv:ConsentInvalidated',
} as const satisfies Record<GrantState, Status>;

/** `null`: an entry that leaves the consent as it is. */
const statusOfKind = {
  asked: 'dpv:ConsentRequested',
  granted: 'dpv:ConsentGiven',
  refused: 'dpv:ConsentRefused',
  never: 'dpv:ConsentRefused',
  revoked: 'dpv:ConsentWithdrawn',
  expired: 'dpv:ConsentExpired',
  paused: 'dpv:ConsentInvalidated',
  resumed: 'dpv:RenewedConsentGiven',
  'handed-back': null,
  erased: null,
  'history-lost': null,
  'policy-changed': null,
  exported: null,
} as const satisfies Record<LedgerKind, Status | null>;

/** The consent status that an entry of the ledger began; `null` where it began none. */
export function statusOf(kind: LedgerKind, by: Actor): Status | null {
  // DPV keeps 'withdrawn' for the person, and has 'revoked' for anyone else.
  if (kind === 'revoked' && by !== 'person') return 'dpv:ConsentRevoked';
  // The prompt was left before the question was answered.
  if (kind === 'refused' && by === 'recovery') return 'dpv:ConsentRequestDeferred';
  return statusOfKind[kind];
}

/** Whose doing an entry is, as a party: the person, Cloudopt itself, or somebody that is no party of the record. */
export const doerOf = {
  person: 'subject',
  browser: 'other',
  clock: 'controller',
  policy: 'controller',
  managed: 'other',
  recovery: 'controller',
} as const satisfies Record<Actor, 'subject' | 'controller' | 'other'>;

/** What ends a state that has no end in time. */
export const endings = {
  withdrawal: 'withdrawal',
  session: 'end-of-session',
  question: 'next-question',
} as const;

/** How long a grant of this lifetime holds, where no moment says so. */
export const endingOf = {
  'until-revoked': endings.withdrawal,
  session: endings.session,
  // One hour has a moment.
  hour: endings.withdrawal,
} as const satisfies Record<Lifetime, string>;

/** What a capability is for, by a clause that it rests on; the first that stands here counts. */
const purposeOfClause: Readonly<Record<string, `dpv:${string}`>> = {
  'II.5': 'dpv:CommunicationManagement',
  'V.4': 'dpv:CommunicationManagement',
  'II.3': 'dpv:ServiceUsageAnalytics',
  'II.2': 'dpv:TechnicalServiceProvision',
};

/** The types of personal data that fields of the catalogue are, the most telling first. */
const dataOfField: readonly (readonly [field: string, data: `pd:${string}`])[] = [
  ['minutes', 'pd:BrowserHistory'],
  ['site', 'pd:BrowsingBehaviour'],
  // Sites of the person's own choice.
  ['sync_hosts', 'pd:BrowsingBehaviour'],
];

/** What a capability is for, and which type of personal data its fields are: out of its entry in the catalogue. */
export function processingOf(id: CapabilityId): { purpose: `dpv:${string}`; data: `pd:${string}` } {
  const { clauses, fields } = capability(id);
  const purpose = clauses.flatMap((clause) => purposeOfClause[clause] ?? [])[0];
  const named = dataOfField.find(([field]) => fields.includes(field))?.[1];
  // What else Cloudopt may hold says how it and its host are used (clause I.4 names the facts of app and device).
  const other = clauses.includes('I.4') ? 'pd:DeviceSoftware' : 'pd:ServiceConsumptionBehaviour';
  return { purpose: purpose ?? 'dpv:RequestedServiceProvision', data: named ?? other };
}

const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>) => Object.keys(table) as [K, ...K[]];

/** What a record may name, for its shape. */
export const states = keysOf(statusOfState);
export const kinds = keysOf(statusOfKind);
export const actors = keysOf(doerOf);
