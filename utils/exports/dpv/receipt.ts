/** A receipt of one consent record for a person to read and to print. Texts are keys; what is quoted is the record's own. */
import { capability, isCapabilityId } from '../../catalogue/catalogue';
import { ALL } from '../../catalogue/scope';
import type { BundleRecord } from './bundle';
import type { DpvEvent, DpvRecord } from './shape';
import { ELSEWHERE, endings, NOT_AVAILABLE } from './terms';

type Underscored<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}_${Underscored<Tail>}` : S;
type State = DpvRecord['cloudopt:state'];
type Kind = DpvRecord['cloudopt:otherEntry'][number]['cloudopt:kind'];
type Actor = DpvRecord['cloudopt:otherEntry'][number]['cloudopt:by'];

/** Every text of a receipt. Those without `receipt_` stand elsewhere in Cloudopt too. */
export type ReceiptKey =
  | 'receipt_title'
  | 'receipt_meaning'
  | 'receipt_intact'
  | 'receipt_changed'
  | 'receipt_permission'
  | 'receipt_capability'
  | 'receipt_scope'
  | 'receipt_scope_all'
  | 'receipt_scope_none'
  | 'receipt_scope_browser_sync'
  | 'receipt_state'
  | 'receipt_since'
  | 'receipt_lifetime'
  | 'receipt_valid_until'
  | 'receipt_processing'
  | 'receipt_data_types'
  | 'receipt_no_recipients'
  | 'receipt_storage'
  | 'receipt_processed_at'
  | 'receipt_this_device'
  | 'receipt_elsewhere'
  | 'receipt_not_known'
  | 'receipt_keep_days'
  | 'receipt_nothing_kept'
  | 'receipt_jurisdiction'
  | 'receipt_jurisdiction_unknown'
  | 'receipt_notice'
  | 'receipt_language'
  | 'receipt_notice_hash'
  | 'receipt_notice_lost'
  | 'receipt_policy'
  | 'receipt_policy_date'
  | 'receipt_controller'
  | 'receipt_recipient'
  | 'receipt_party_name'
  | 'receipt_party_id'
  | 'receipt_party_address'
  | 'receipt_party_contact'
  | 'receipt_party_type'
  | 'receipt_events'
  | 'receipt_history_lost'
  | 'receipt_until_moment'
  | 'receipt_until_withdrawal'
  | 'receipt_until_session'
  | 'receipt_until_question'
  | 'receipt_consent_type'
  | 'receipt_other_entries'
  | 'receipt_numbers'
  | 'receipt_record_id'
  | 'receipt_id'
  | 'receipt_created'
  | 'receipt_subject_id'
  | 'receipt_schema'
  | 'receipt_made_by'
  | 'receipt_hash'
  | 'notice_purpose'
  | 'notice_fields'
  | 'notice_no_fields'
  | 'notice_destination'
  | 'notice_retention'
  | 'notice_clauses'
  | 'notice_withdrawal'
  | 'withdrawal'
  | `state_${State}`
  | `kind_${Underscored<Kind>}`
  | `actor_${Actor}`
  | `lifetime_${Underscored<DpvRecord['cloudopt:lifetime']>}`;

export type ReceiptText =
  | { readonly kind: 'say'; readonly key: ReceiptKey; readonly subs?: readonly (string | number)[] }
  /** Words of the notice, in the receipt's `language`. */
  | { readonly kind: 'quoted'; readonly text: string }
  /** An id, a hash, an address, a term. */
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'moment'; readonly atMs: number }
  /** The key's `$1` is the moment. */
  | { readonly kind: 'say-moment'; readonly key: ReceiptKey; readonly atMs: number };

export interface ReceiptLine {
  readonly label: ReceiptKey;
  readonly texts: readonly ReceiptText[];
}

export interface ReceiptSection {
  readonly title: ReceiptKey;
  readonly lines: readonly ReceiptLine[];
}

export interface Receipt {
  readonly title: 'receipt_title';
  /** Of what is quoted, BCP 47. */
  readonly language: string;
  /** What the receipt is, and whether the record is as it was written. */
  readonly remarks: readonly ReceiptKey[];
  readonly sections: readonly ReceiptSection[];
}

const say = (key: ReceiptKey, ...subs: (string | number)[]): ReceiptText =>
  subs.length > 0 ? { kind: 'say', key, subs } : { kind: 'say', key };
const exact = (text: string): ReceiptText => ({ kind: 'exact', text });
const at = (moment: string): ReceiptText => ({ kind: 'moment', atMs: Date.parse(moment) });
/** A quotation where there is one. */
const quoted = (...texts: (string | undefined)[]): ReceiptText[] =>
  texts.flatMap((text) => (text === undefined ? [] : [{ kind: 'quoted', text }]));
const line = (label: ReceiptKey, ...texts: ReceiptText[]): ReceiptLine => ({ label, texts });

const underscored = <S extends string>(name: S) => name.replaceAll('-', '_') as Underscored<S>;
const kindKey = (kind: Kind): ReceiptKey => `kind_${underscored(kind)}`;

const untilKeys = {
  [endings.withdrawal]: 'receipt_until_withdrawal',
  [endings.session]: 'receipt_until_session',
  [endings.question]: 'receipt_until_question',
} as const satisfies Record<string, ReceiptKey>;

function until(duration: DpvEvent['dpv:hasDuration']): ReceiptText {
  if (duration['@type'] === 'dpv:UntilEventDuration') return say(untilKeys[duration['rdf:value']]);
  return { kind: 'say-moment', key: 'receipt_until_moment', atMs: Date.parse(duration['rdf:value']) };
}

function scopeText(id: string, scope: string): ReceiptText {
  if (scope !== ALL || !isCapabilityId(id)) return exact(scope);
  const { sites } = capability(id);
  if (sites === 'server') return say('receipt_scope_browser_sync');
  return say(sites === 'choose' ? 'receipt_scope_all' : 'receipt_scope_none');
}

const placeText = (place: string): ReceiptText[] => {
  if (place === 'tech:Device') return [say('receipt_this_device')];
  if (place === ELSEWHERE) return [say('receipt_elsewhere')];
  // Says the same with less.
  return place === 'dpv:LocalLocation' ? [] : [exact(place)];
};

function permission(record: DpvRecord): ReceiptSection {
  const { 'dct:identifier': id, 'dpv:hasScope': scope } = record['dpv:hasProcess']['dpv:hasService'];
  const name = record['dpv:hasNotice']['dct:title'];
  const validUntil = record['cloudopt:validUntil'];
  return {
    title: 'receipt_permission',
    lines: [
      line('receipt_capability', ...(name === undefined ? [exact(id)] : quoted(name))),
      line('receipt_scope', scopeText(id, scope)),
      line('receipt_state', say(`state_${record['cloudopt:state']}`)),
      line('receipt_since', at(record['cloudopt:since'])),
      line('receipt_lifetime', say(`lifetime_${underscored(record['cloudopt:lifetime'])}`)),
      ...(validUntil === undefined ? [] : [line('receipt_valid_until', at(validUntil))]),
    ],
  };
}

function processing(record: DpvRecord): ReceiptSection {
  const process = record['dpv:hasProcess'];
  const purpose = process['dpv:hasPurpose'];
  const [location, storage] = process['dpv:hasStorageCondition'];
  const days = storage['dpv:hasDuration'];
  const control = process['dpv:hasConsentControl'];
  const fields = process['dpv:hasPersonalData'].flatMap((data) => ('skos:broader' in data ? [data] : []));
  const types = [...new Set(fields.map((field) => field['skos:broader']))];
  const names = new Map(record['dpv:hasEntity'].map((party) => [party['@id'], party['dpv:hasName']]));
  const recipients = process['dpv:hasRecipient'].flatMap((it) =>
    '@id' in it ? [names.get(it['@id']) ?? it['@id']] : [],
  );
  const jurisdictions = process['dpv:hasJurisdiction'].flatMap((it) => (typeof it === 'string' ? [it] : []));
  const orElse = (texts: ReceiptText[], key: ReceiptKey) => (texts.length > 0 ? texts : [say(key)]);
  return {
    title: 'receipt_processing',
    lines: [
      line(
        'notice_purpose',
        ...quoted(purpose['dct:title'], purpose['dct:description']),
        exact(purpose['skos:broader']),
      ),
      line(
        'notice_fields',
        ...orElse(
          fields.flatMap((field) => {
            const words = quoted(field['dct:title'], field['dct:description']);
            return words.length > 0 ? words : [exact(field['dct:identifier'] ?? field['skos:broader'])];
          }),
          'notice_no_fields',
        ),
      ),
      ...(types.length > 0 ? [line('receipt_data_types', ...types.map(exact))] : []),
      line('notice_destination', ...orElse(recipients.map(exact), 'receipt_no_recipients')),
      line(
        'receipt_storage',
        ...location['dpv:hasLocation'].flatMap(placeText),
        ...quoted(location['dct:description']),
      ),
      line('receipt_processed_at', ...process['dpv:hasProcessingCondition']['dpv:hasLocation'].flatMap(placeText)),
      line(
        'notice_retention',
        ...('rdf:value' in days ? [say('receipt_keep_days', Number(days['rdf:value'].slice(1, -1)))] : []),
        // What lies with somebody else has an end of its own: the notice says which.
        ...('rdf:value' in days || recipients.length > 0 ? [] : [say('receipt_nothing_kept')]),
        ...quoted(storage['dct:description']),
        ...(recipients.length > 0 && storage['dct:description'] === undefined ? [say('receipt_not_known')] : []),
      ),
      line('receipt_jurisdiction', ...orElse(jurisdictions.map(exact), 'receipt_jurisdiction_unknown')),
      line('notice_withdrawal', ...orElse(quoted(control['dct:description']), 'withdrawal')),
    ],
  };
}

function notice(record: DpvRecord): ReceiptSection {
  const { 'dct:identifier': hash, 'dct:language': language, 'dct:references': policy } = record['dpv:hasNotice'];
  const clauses = policy?.['cloudopt:clause'] ?? [];
  const date = policy?.['dct:date'];
  return {
    title: 'receipt_notice',
    lines: [
      line('receipt_language', exact(language)),
      line('receipt_notice_hash', hash === undefined ? say('receipt_notice_lost') : exact(hash)),
      ...(policy ? [line('receipt_policy', exact(policy['schema:version']))] : []),
      ...(date === undefined ? [] : [line('receipt_policy_date', exact(date))]),
      ...(clauses.length > 0
        ? [line('notice_clauses', ...quoted(...clauses.map((it) => `${it['dct:identifier']} ${it['dct:title']}`)))]
        : []),
    ],
  };
}

const known = (value: string): ReceiptText => (value === NOT_AVAILABLE ? say('receipt_not_known') : exact(value));

const parties = (record: DpvRecord): ReceiptSection[] =>
  record['dpv:hasEntity'].map((party) => {
    const contact = party['dpv:hasContact'];
    return {
      title: party['@type'][1] === 'dpv:DataController' ? 'receipt_controller' : 'receipt_recipient',
      lines: [
        line('receipt_party_name', exact(party['dpv:hasName'])),
        line('receipt_party_id', exact(party['dpv:hasIdentifier'])),
        line('receipt_party_address', known(party['dpv:hasAddress'])),
        line('receipt_party_contact', known(contact['schema:email']), known(contact['schema:url'])),
        line('receipt_party_type', exact(party['@type'].join(', '))),
      ],
    };
  });

function events(record: DpvRecord): ReceiptSection {
  return {
    title: 'receipt_events',
    lines: [
      line('receipt_consent_type', exact(record['dpv:hasProcess']['dpv:hasLegalBasis'])),
      ...record['dpv:hasConsentStatus'].map((event) => {
        const when = at(event['dpv:isIndicatedAtTime']);
        const status = exact(event['@type']);
        if ('cloudopt:state' in event) {
          return line(`state_${event['cloudopt:state']}`, when, say('receipt_history_lost'), status);
        }
        const { 'cloudopt:kind': kind, 'cloudopt:by': by } = event;
        return line(kindKey(kind), when, say(`actor_${by}`), until(event['dpv:hasDuration']), status);
      }),
    ],
  };
}

function otherEntries(record: DpvRecord): ReceiptSection[] {
  const entries = record['cloudopt:otherEntry'];
  if (entries.length === 0) return [];
  const lines = entries.map((it) =>
    line(kindKey(it['cloudopt:kind']), at(it['dct:date']), say(`actor_${it['cloudopt:by']}`)),
  );
  return [{ title: 'receipt_other_entries', lines }];
}

function numbers(record: DpvRecord): ReceiptSection {
  const { receipt, 'dct:creator': creator } = record;
  return {
    title: 'receipt_numbers',
    lines: [
      line('receipt_record_id', exact(record['dct:identifier'])),
      line('receipt_id', exact(receipt['dct:identifier'])),
      line('receipt_created', at(receipt['dct:created'])),
      line('receipt_subject_id', exact(record['dpv:hasDataSubject']['dct:identifier'])),
      line('receipt_schema', exact(record['dct:conformsTo']), exact(receipt['dct:conformsTo'])),
      line('receipt_made_by', exact(`${creator['schema:name']} ${creator['schema:softwareVersion']}`)),
      line('receipt_hash', exact(record['cloudopt:sha256'])),
    ],
  };
}

/** @param checked what reading a bundle found; left out for a record that was made just now. */
export function receiptOf(record: DpvRecord, checked?: BundleRecord['checked']): Receipt {
  const remarks: ReceiptKey[] = ['receipt_meaning'];
  if (checked) remarks.push(checked === 'intact' ? 'receipt_intact' : 'receipt_changed');
  return {
    title: 'receipt_title',
    language: record['dpv:hasNotice']['dct:language'],
    remarks,
    sections: [
      permission(record),
      processing(record),
      notice(record),
      ...parties(record),
      events(record),
      ...otherEntries(record),
      numbers(record),
    ],
  };
}
