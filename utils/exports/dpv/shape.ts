/**
 * The shape of an exported consent record: what the schema test holds records to, and what an import must fit. Strict
 * throughout: a member that is not named here, or is missing, makes the record unreadable. Which field of ISO/IEC TS
 * 27560 a member is stands beside it.
 */
import * as z from 'zod/mini';
import { lifetimes } from '../../catalogue/catalogue';
import {
  actors,
  CONSENT_TYPE,
  doerOf,
  endings,
  kinds,
  NOT_APPLICABLE,
  NOT_AVAILABLE,
  RECEIPT_SCHEMA,
  RECORD_SCHEMA,
  states,
  statuses,
  statusOf,
  statusOfState,
  TAG,
} from './terms';

/** No half of a surrogate pair: it has no UTF-8, so that its hash would be that of another text. */
const isWellFormed = (raw: string): boolean => !/\p{Surrogate}/u.test(raw);
const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max), z.refine(isWellFormed, 'no Unicode'));

const short = text(300);
/** What a notice says. */
const prose = text(10_000);
const hex = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const seq = z.number().check(z.int(), z.positive());

/** A moment in UTC as ISO 8601, in the one spelling that `toISOString` has. */
export const moment = z.string().check(
  z.maxLength(30),
  z.refine((raw) => {
    const at = new Date(raw);
    return !Number.isNaN(at.getTime()) && at.toISOString() === raw;
  }, 'no moment'),
);
const tag = z.string().check(z.startsWith(TAG), z.maxLength(1000), z.regex(/^[!-~]+$/));
const place = z.string().check(z.regex(/^(dpv:LocalLocation|tech:Device|loc:[A-Z]{2,3}(-[A-Z0-9]{1,3})?)$/));
const jurisdiction = z.string().check(z.regex(/^loc:[A-Z]{2,3}(-[A-Z0-9]{1,3})?$/));

const some = <T extends z.ZodMiniType>(what: T, max = 100) => z.array(what).check(z.minLength(1), z.maxLength(max));

/** Says that a field has nothing in it, or that its content is not known. */
const absent = <T extends string, W extends string>(type: T, why: W) =>
  z.strictObject({ '@type': z.literal(type), 'dpv:hasApplicability': z.literal(why) });

const reference = z.strictObject({ '@id': short });

const clause = z.strictObject({
  'dct:identifier': short,
  'dct:title': prose,
  'dct:description': prose,
  'cloudopt:sha256': hex,
});

const policy = z.strictObject({
  '@id': tag,
  '@type': z.literal('dpv:PrivacyNotice'),
  'schema:version': short,
  'dct:date': z.optional(short),
  'cloudopt:clause': z.optional(z.array(clause).check(z.maxLength(100))),
});

/** privacy_notice and language; a record whose notice is lost says so by having no `dct:identifier`. */
const notice = z.strictObject({
  '@id': tag,
  '@type': z.literal('dpv:ConsentNotice'),
  'dct:language': short,
  /** SHA-256 of the notice as it was shown. */
  'dct:identifier': z.optional(hex),
  'dct:title': z.optional(prose),
  'dct:references': z.optional(policy),
});

const personalData = z.strictObject({
  '@type': z.literal('dpv:PersonalData'),
  /** pii_type */
  'skos:broader': z.string().check(z.regex(/^pd:[A-Za-z]{1,60}$/)),
  'dct:identifier': z.optional(short),
  'dct:title': z.optional(prose),
  'dct:description': z.optional(prose),
});

const storageLocation = z.strictObject({
  '@type': z.literal('dpv:StorageLocation'),
  'dpv:hasLocation': some(place),
  'dct:description': z.optional(prose),
});

const storageDuration = z.strictObject({
  '@type': z.literal('dpv:StorageDuration'),
  'dpv:hasDuration': z.union([
    z.strictObject({
      '@type': z.literal('dpv:TemporalDuration'),
      'rdf:value': z.string().check(z.regex(/^P\d{1,6}D$/)),
    }),
    absent('dpv:Duration', NOT_APPLICABLE),
  ]),
  'dct:description': z.optional(prose),
});

const process = z.strictObject({
  '@type': z.literal('dpv:Process'),
  /** service: the capability, and the sites that it may act on. */
  'dpv:hasService': z.strictObject({
    '@type': z.literal('dpv:Service'),
    'dct:identifier': z.string().check(z.regex(/^[a-z][a-z0-9-]{0,60}$/)),
    'dpv:hasScope': short,
  }),
  /** purpose */
  'dpv:hasPurpose': z.strictObject({
    '@type': z.literal('dpv:Purpose'),
    'skos:broader': z.string().check(z.regex(/^dpv:[A-Za-z]{1,60}$/)),
    'dct:title': z.optional(prose),
    'dct:description': z.optional(prose),
  }),
  /** lawful_basis */
  'dpv:hasLegalBasis': z.literal(CONSENT_TYPE),
  /** pii_information */
  'dpv:hasPersonalData': z.union([some(personalData), z.tuple([absent('dpv:PersonalData', NOT_APPLICABLE)])]),
  /** pii_controllers */
  'dpv:hasDataController': some(reference),
  /** storage_locations, retention_period */
  'dpv:hasStorageCondition': z.tuple([storageLocation, storageDuration]),
  /** processing_locations */
  'dpv:hasProcessingCondition': z.strictObject({
    '@type': z.literal('dpv:ProcessingLocation'),
    'dpv:hasLocation': some(place),
  }),
  /** recipient_third_parties */
  'dpv:hasRecipient': z.union([some(reference), z.tuple([absent('dpv:Recipient', NOT_APPLICABLE)])]),
  /** jurisdiction */
  'dpv:hasJurisdiction': z.union([some(jurisdiction), z.tuple([absent('dpv:Jurisdiction', NOT_AVAILABLE)])]),
  /** withdrawal_method */
  'dpv:hasConsentControl': z.strictObject({
    '@type': z.literal('dpv:WithdrawConsent'),
    'dpv:isExercisedAt': tag,
    'dct:description': z.optional(prose),
  }),
  /** privacy_rights: to see, to export and to erase what is kept. */
  'dpv:hasRight': z.strictObject({ '@type': z.literal('dpv:DataSubjectRight'), 'dpv:isExercisedAt': tag }),
});

const party = z.strictObject({
  '@id': short,
  /** party_type and party_role */
  '@type': z.tuple([z.literal('dpv:LegalEntity'), z.enum(['dpv:DataController', 'dpv:Recipient'])]),
  /** party_id */
  'dpv:hasIdentifier': short,
  /** party_name */
  'dpv:hasName': short,
  /** party_address */
  'dpv:hasAddress': short,
  /** party_contact, party_email, party_url */
  'dpv:hasContact': z.strictObject({
    '@type': z.literal('schema:ContactPoint'),
    'schema:email': short,
    'schema:url': short,
  }),
});

const entryFacts = {
  'cloudopt:kind': z.enum(kinds),
  'cloudopt:by': z.enum(actors),
  /** Number and hash of the ledger's entry. */
  'cloudopt:seq': seq,
  'cloudopt:hash': hex,
};

const duration = z.union([
  z.strictObject({ '@type': z.literal('dpv:UntilTimeDuration'), 'rdf:value': moment }),
  z.strictObject({
    '@type': z.literal('dpv:UntilEventDuration'),
    'rdf:value': z.enum([endings.withdrawal, endings.session, endings.question]),
  }),
]);

export const typeOfDoer = {
  subject: 'dpv:DataSubject',
  controller: 'dpv:DataController',
  other: 'dpv:Entity',
} as const;

const eventFacts = {
  /** event_state */
  '@type': z.enum(statuses),
  /** event_time */
  'dpv:isIndicatedAtTime': moment,
  /** entity_id */
  'dpv:isIndicatedBy': z.strictObject({ '@id': short, '@type': z.enum(Object.values(typeOfDoer)) }),
  /** event_type */
  'dpv:hasLegalBasis': z.literal(CONSENT_TYPE),
  /** validity_duration */
  'dpv:hasDuration': duration,
};

/** An entry of the ledger that began a consent status. The status and the doer must be those that its kind has. */
const event = z.strictObject({ ...eventFacts, ...entryFacts }).check(
  z.refine((it) => it['@type'] === statusOf(it['cloudopt:kind'], it['cloudopt:by']), 'another status'),
  z.refine((it) => it['dpv:isIndicatedBy']['@type'] === typeOfDoer[doerOf[it['cloudopt:by']]], 'another doer'),
);

/** Stands for the events of a record whose history is lost: its present state. */
const presentState = z
  .strictObject({ ...eventFacts, 'cloudopt:state': z.enum(states) })
  .check(z.refine((it) => it['@type'] === statusOfState[it['cloudopt:state']], 'another status'));

const otherEntry = z
  .strictObject({ '@type': z.literal('cloudopt:Entry'), 'dct:date': moment, ...entryFacts })
  .check(z.refine((it) => statusOf(it['cloudopt:kind'], it['cloudopt:by']) === null, 'an event'));

export const dpvRecordShape = z.strictObject({
  '@id': tag,
  '@type': z.literal('dpv:ConsentRecord'),
  /** schema_version */
  'dct:conformsTo': z.literal(RECORD_SCHEMA),
  /** record_id */
  'dct:identifier': short,
  receipt: z.strictObject({
    '@id': tag,
    '@type': z.literal('dpv:ConsentReceipt'),
    'dct:conformsTo': z.literal(RECEIPT_SCHEMA),
    /** receipt_id: a UUID of version 8, made of the record's hash. */
    'dct:identifier': z
      .string()
      .check(z.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)),
    'dct:created': moment,
  }),
  'dct:creator': z.strictObject({
    '@type': z.literal('schema:SoftwareApplication'),
    'schema:name': short,
    'schema:softwareVersion': short,
  }),
  /** pii_principal_id */
  'dpv:hasDataSubject': z.strictObject({
    '@id': tag,
    '@type': z.literal('dpv:DataSubject'),
    'dct:identifier': short,
  }),
  'dpv:hasNotice': notice,
  'dpv:hasProcess': process,
  'dpv:hasEntity': some(party),
  'dpv:hasConsentStatus': z.union([some(event, 100_000), z.tuple([presentState])]),
  'cloudopt:otherEntry': z.array(otherEntry).check(z.maxLength(100_000)),
  'cloudopt:state': z.enum(states),
  'cloudopt:since': moment,
  'cloudopt:lifetime': z.enum(lifetimes),
  'cloudopt:validUntil': z.optional(moment),
  /** Of the canonical JSON (RFC 8785) of all other members. It finds what was changed by accident or by a careless hand. */
  'cloudopt:sha256': hex,
});

/** A consent record as JSON-LD, in the context of terms.ts. For reading and checking: nothing takes it for a grant. */
export type DpvRecord = z.infer<typeof dpvRecordShape>;
export type DpvEvent = DpvRecord['dpv:hasConsentStatus'][number];
export type DpvParty = z.infer<typeof party>;
