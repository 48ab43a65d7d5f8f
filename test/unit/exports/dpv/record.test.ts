import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capabilityIds } from '../../../../utils/catalogue/catalogue';
import { cloudopt, dpvRecord, factsOf, isIntact } from '../../../../utils/exports/dpv/record';
import { dpvRecordShape } from '../../../../utils/exports/dpv/shape';
import { context, processingOf, statusOf } from '../../../../utils/exports/dpv/terms';
import { grantStates } from '../../../../utils/grants/schema';
import { hashOf } from '../../../../utils/platform/hash';
import { anyRecordAndFacts, entry, factsFor, NOW_MS, noticeFor, recordOf, somebody } from './records';

type Json = { [name: string]: unknown };

/** What stands at a path such as `dpv:hasProcess/dpv:hasPurpose`. */
const at = (value: unknown, path: string): unknown =>
  path.split('/').reduce<unknown>((inner, name) => (inner as Json | undefined)?.[name], value);

const process = 'dpv:hasProcess';
/** The fields that ISO/IEC TS 27560 requires, and where W3C's guide has them. Written apart from the code. */
const mandatory = [
  ['record id', 'dct:identifier'],
  ['receipt id', 'receipt/dct:identifier'],
  ['subject id', 'dpv:hasDataSubject/dct:identifier'],
  ['schema version', 'dct:conformsTo'],
  ["receipt's schema version", 'receipt/dct:conformsTo'],
  ['notice', 'dpv:hasNotice'],
  ['language', 'dpv:hasNotice/dct:language'],
  ['purpose', `${process}/dpv:hasPurpose`],
  ['data', `${process}/dpv:hasPersonalData`],
  ['controllers', `${process}/dpv:hasDataController`],
  ['storage locations', `${process}/dpv:hasStorageCondition/0/dpv:hasLocation`],
  ['retention', `${process}/dpv:hasStorageCondition/1/dpv:hasDuration`],
  ['jurisdiction', `${process}/dpv:hasJurisdiction`],
  ['recipients', `${process}/dpv:hasRecipient`],
  ['withdrawal method', `${process}/dpv:hasConsentControl`],
  ['data type', `${process}/dpv:hasPersonalData/0/@type`],
  ['party id', 'dpv:hasEntity/0/dpv:hasIdentifier'],
  ['party address', 'dpv:hasEntity/0/dpv:hasAddress'],
  ['party name', 'dpv:hasEntity/0/dpv:hasName'],
  ['party contact', 'dpv:hasEntity/0/dpv:hasContact'],
  ['party type', 'dpv:hasEntity/0/@type'],
  ['event time', 'dpv:hasConsentStatus/0/dpv:isIndicatedAtTime'],
  ['event validity', 'dpv:hasConsentStatus/0/dpv:hasDuration'],
  ['event entity', 'dpv:hasConsentStatus/0/dpv:isIndicatedBy'],
  ['event type', 'dpv:hasConsentStatus/0/dpv:hasLegalBasis'],
  ['event state', 'dpv:hasConsentStatus/0/@type'],
] as const;

/** Terms looked up in DPV 2.2 (its CSV files at github.com/w3c/dpv), DCMI, schema.org, SKOS, RDF; and our own. */
const vocabularies = {
  dpv: `ConsentRecord ConsentReceipt ConsentNotice PrivacyNotice DataSubject DataController Recipient LegalEntity Entity
    Process Service Purpose RequestedServiceProvision CommunicationManagement
    ServiceUsageAnalytics TechnicalServiceProvision PersonalData StorageLocation StorageDuration
    ProcessingLocation LocalLocation Duration TemporalDuration UntilTimeDuration UntilEventDuration Jurisdiction
    NotApplicable NotAvailable WithdrawConsent DataSubjectRight ExplicitlyExpressedConsent ConsentRequested
    ConsentRequestDeferred ConsentGiven RenewedConsentGiven ConsentRefused ConsentWithdrawn ConsentRevoked ConsentExpired
    ConsentInvalidated hasRecordOfActivity hasDataSubject hasNotice hasProcess hasService hasScope hasPurpose
    hasLegalBasis hasPersonalData hasDataController hasStorageCondition hasProcessingCondition hasLocation hasDuration
    hasApplicability hasRecipient hasJurisdiction hasConsentControl hasRight isExercisedAt hasEntity hasIdentifier
    hasName hasAddress hasContact hasConsentStatus isIndicatedAtTime isIndicatedBy`,
  pd: 'BrowsingBehaviour BrowserHistory ServiceConsumptionBehaviour DeviceSoftware',
  loc: 'DE EU CN US-CA',
  tech: 'Device',
  dct: 'conformsTo identifier created creator language title description references date format issued hasPart',
  schema: 'SoftwareApplication ContactPoint name softwareVersion version email url',
  skos: 'broader',
  rdf: 'value',
  xsd: 'dateTime',
  cloudopt: 'Entry clause sha256 kind by seq hash state since lifetime validUntil otherEntry',
};
const known = new Set(
  Object.entries(vocabularies).flatMap(([prefix, words]) => words.split(/\s+/).map((word) => `${prefix}:${word}`)),
);

/** Every compact name in a record: members, types, and values that are terms. */
function termsIn(value: unknown): string[] {
  if (typeof value === 'string')
    return /^(dpv|pd|loc|tech|dct|schema|skos|rdf|xsd|cloudopt):/.test(value) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap(termsIn);
  if (typeof value !== 'object' || value === null) return [];
  // What a person or a notice says is no term.
  const isText = (name: string) =>
    /^(dct:(title|description|identifier|date)|schema:|dpv:has(Name|Address|Scope))/.test(name);
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name.includes(':') ? [name] : []),
    ...(isText(name) ? [] : termsIn(inner)),
  ]);
}

const problem = (value: unknown) => {
  const parsed = dpvRecordShape.safeParse(value);
  return parsed.success ? undefined : JSON.stringify(parsed.error.issues);
};

describe('the schema', () => {
  test.each(capabilityIds.flatMap((id) => grantStates.map((state) => ({ id, state }))))(
    'holds for $id, $state, with every mandatory field',
    ({ id, state }) => {
      for (const notice of [noticeFor(id), null]) {
        for (const events of [recordOf(id, state).events, []]) {
          const made = dpvRecord(recordOf(id, state, { notice, events }), factsFor(id));
          expect(problem(made)).toBeUndefined();
          for (const [field, path] of mandatory) expect(at(made, path), field).toBeTruthy();
        }
      }
    },
  );

  test('holds for whatever the ledger may hold, through JSON and back', () => {
    fc.assert(
      fc.property(anyRecordAndFacts, ([record, facts]) => {
        const made = dpvRecord(record, facts);
        const read: unknown = JSON.parse(JSON.stringify(made));
        expect(problem(read)).toBeUndefined();
        expect(dpvRecordShape.parse(read)).toEqual(made);
        for (const [field, path] of mandatory) expect(at(read, path), field).toBeTruthy();
        expect(isIntact(read as object)).toBe(true);
        for (const term of termsIn(read)) if (!known.has(term)) expect.fail(term);
      }),
      { numRuns: 400 },
    );
  });

  test.each(mandatory)('refuses a record without %s', (_, path) => {
    const made = JSON.parse(JSON.stringify(dpvRecord(recordOf('site-insight', 'granted'), factsFor('site-insight'))));
    const names = path.split('/');
    const parent = at(made, names.slice(0, -1).join('/') || '.') ?? made;
    delete (parent as Json)[names.at(-1) as string];
    expect(problem(made)).toBeDefined();
  });

  test('refuses members that it does not name, at any depth', () => {
    const made = JSON.stringify(dpvRecord(recordOf('site-insight', 'granted'), factsFor('site-insight')));
    const objects = made.match(/\{/g)?.length ?? 0;
    expect(objects).toBeGreaterThan(20);
    for (let nth = 0; nth < objects; nth += 1) {
      for (const name of ['grantId', '__proto__', 'constructor']) {
        let seen = -1;
        const more = made.replaceAll('{', () => {
          seen += 1;
          return seen === nth ? `{"${name}":{},` : '{';
        });
        expect(problem(JSON.parse(more)), `${name} in object ${nth}`).toBeDefined();
      }
    }
  });

  test('refuses an event whose status or doer is not that of its kind', () => {
    const made = dpvRecord(recordOf('site-insight', 'revoked'), factsFor('site-insight'));
    const [asked, , revoked] = made['dpv:hasConsentStatus'];
    expect(
      problem({ ...made, 'dpv:hasConsentStatus': [asked, { ...revoked, '@type': 'dpv:ConsentGiven' }] }),
    ).toBeDefined();
    const other = { '@id': cloudopt.id, '@type': 'dpv:DataController' };
    expect(problem({ ...made, 'dpv:hasConsentStatus': [{ ...asked, 'dpv:isIndicatedBy': other }] })).toBeDefined();
  });

  test('has a context that names the vocabularies, and coerces members that exist', () => {
    const names = Object.keys(context);
    expect(names).toEqual(expect.arrayContaining(Object.keys(vocabularies)));
    for (const name of names.filter((one) => one.includes(':'))) expect(known.has(name), name).toBe(true);
  });
});

describe('a record', () => {
  test('is the same for the same input, and hashed as the ledger hashes', () => {
    fc.assert(
      fc.property(anyRecordAndFacts, ([record, facts]) => {
        const made = dpvRecord(record, facts);
        expect(dpvRecord(structuredClone(record), structuredClone(facts))).toEqual(made);
        const { 'cloudopt:sha256': hash, ...rest } = made;
        expect(hash).toBe(hashOf(rest));
      }),
      { numRuns: 50 },
    );
  });

  test('names its notice by the hash that the ledger has for it', () => {
    const made = dpvRecord(recordOf('browsing-time', 'granted'), factsFor('browsing-time'));
    expect(made['dpv:hasNotice']['dct:identifier']).toBe(hashOf(noticeFor('browsing-time')));
  });

  test('has another receipt id for another content or another moment', () => {
    const facts = factsFor('notifications');
    const idOf = (...args: Parameters<typeof dpvRecord>) => dpvRecord(...args).receipt['dct:identifier'];
    const ids = [
      idOf(recordOf('notifications', 'granted'), facts),
      idOf(recordOf('notifications', 'paused'), facts),
      idOf(recordOf('notifications', 'granted'), { ...facts, receiptAtMs: NOW_MS + 1 }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('stays on the device and goes to nobody, unless the facts say otherwise', () => {
    const record = recordOf('browsing-time', 'granted');
    const here = dpvRecord(record, factsFor('browsing-time'))[process];
    expect(here['dpv:hasStorageCondition'][0]['dpv:hasLocation']).toEqual(['dpv:LocalLocation', 'tech:Device']);
    expect(here['dpv:hasRecipient']).toEqual([
      { '@type': 'dpv:Recipient', 'dpv:hasApplicability': 'dpv:NotApplicable' },
    ]);
    expect(here['dpv:hasStorageCondition'][1]['dpv:hasDuration']).toMatchObject({ 'rdf:value': 'P90D' });
    const there = dpvRecord(
      record,
      factsFor('browsing-time', {
        recipients: [somebody],
        processingLocations: ['device', 'loc:DE'],
        jurisdictions: ['loc:DE'],
      }),
    );
    expect(there[process]['dpv:hasRecipient']).toEqual([{ '@id': somebody.id }]);
    expect(there[process]['dpv:hasStorageCondition'][0]['dpv:hasLocation']).toContain('loc:DE');
    expect(there[process]['dpv:hasJurisdiction']).toEqual(['loc:DE']);
    expect(there['dpv:hasEntity'].map((party) => party['@type'][1])).toEqual(['dpv:DataController', 'dpv:Recipient']);
  });

  test.each([
    [true, 'dpv:NotAvailable'],
    [false, 'support@cloudopt.net'],
  ])('names the server that the notice named (set by an organisation: %s)', (byOrganisation, mail) => {
    const endpoint = { url: 'https://stats.example:4318/v1/metrics', place: 'Hamburg', byOrganisation };
    const notice = { ...noticeFor('usage-statistics'), endpoint };
    const record = recordOf('usage-statistics', 'granted', { notice });
    const made = dpvRecord(record, factsOf(record, factsFor('usage-statistics')));
    expect(dpvRecordShape.safeParse(made).success).toBe(true);
    expect(made['dpv:hasEntity'][1]).toMatchObject({
      'dpv:hasName': 'https://stats.example:4318',
      'dpv:hasAddress': 'Hamburg',
      'dpv:hasContact': { 'schema:email': mail },
    });
    const none = { ...record, notice: noticeFor('usage-statistics') };
    expect(dpvRecord(none, factsOf(none, factsFor('usage-statistics')))['dpv:hasEntity']).toHaveLength(1);
  });

  test('says that nothing is collected where nothing is', () => {
    const made = dpvRecord(recordOf('site-cleaner', 'granted'), factsFor('site-cleaner'))[process];
    expect(made['dpv:hasPersonalData']).toEqual([
      { '@type': 'dpv:PersonalData', 'dpv:hasApplicability': 'dpv:NotApplicable' },
    ]);
    expect(made['dpv:hasStorageCondition'][1]['dpv:hasDuration']).toMatchObject({
      'dpv:hasApplicability': 'dpv:NotApplicable',
    });
  });

  test('has each event with its time, doer, status and how long it held, in the order of the ledger', () => {
    const events = [entry(4, 'exported'), entry(3, 'granted'), entry(1, 'asked'), entry(2, 'refused', 'recovery')];
    const made = dpvRecord(
      recordOf('site-insight', 'granted', { events, lifetime: 'session' }),
      factsFor('site-insight'),
    );
    const seconds = (n: number) => new Date(NOW_MS + n * 1000).toISOString();
    expect(
      made['dpv:hasConsentStatus'].map((event) => [
        event['@type'],
        event['dpv:isIndicatedAtTime'],
        event['dpv:isIndicatedBy']['@type'],
        event['dpv:hasDuration']['rdf:value'],
      ]),
    ).toEqual([
      ['dpv:ConsentRequested', seconds(1), 'dpv:DataSubject', seconds(2)],
      ['dpv:ConsentRequestDeferred', seconds(2), 'dpv:DataController', seconds(3)],
      ['dpv:ConsentGiven', seconds(3), 'dpv:DataSubject', 'end-of-session'],
    ]);
    expect(made['cloudopt:otherEntry'].map((it) => it['cloudopt:kind'])).toEqual(['exported']);
  });

  test('of one hour holds to its moment; a clock that went back makes no negative span', () => {
    const events = [entry(1, 'asked'), { ...entry(2, 'granted'), atMs: 0 }];
    const hour = { events, lifetime: 'hour', validUntilMs: NOW_MS } as const;
    const made = dpvRecord(recordOf('site-insight', 'granted', hour), factsFor('site-insight'));
    expect(made['dpv:hasConsentStatus'].map((event) => event['dpv:hasDuration']['rdf:value'])).toEqual([
      new Date(NOW_MS + 1000).toISOString(),
      new Date(NOW_MS).toISOString(),
    ]);
  });

  test('tells withdrawal by the person from revocation by anybody else', () => {
    expect(statusOf('revoked', 'person')).toBe('dpv:ConsentWithdrawn');
    for (const by of ['browser', 'managed', 'recovery'] as const)
      expect(statusOf('revoked', by)).toBe('dpv:ConsentRevoked');
  });

  test('whose history is lost has its present state as its one event', () => {
    for (const state of grantStates) {
      const made = dpvRecord(recordOf('site-insight', state, { events: [] }), factsFor('site-insight'));
      expect(made['dpv:hasConsentStatus']).toHaveLength(1);
      expect(made['dpv:hasConsentStatus'][0]).toMatchObject({ 'cloudopt:state': state });
    }
  });
});

test('a capability’s purpose and type of data follow from its clauses and fields', () => {
  expect(processingOf('browsing-time')).toEqual({
    purpose: 'dpv:RequestedServiceProvision',
    data: 'pd:BrowserHistory',
  });
  expect(processingOf('site-insight').data).toBe('pd:BrowsingBehaviour');
  expect(processingOf('notifications')).toEqual({
    purpose: 'dpv:CommunicationManagement',
    data: 'pd:ServiceConsumptionBehaviour',
  });
});
