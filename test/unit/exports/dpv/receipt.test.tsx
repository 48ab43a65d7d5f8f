// @vitest-environment happy-dom
import fc from 'fast-check';
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ReceiptView } from '../../../../components/receipt-view';
import messages from '../../../../public/_locales/en/messages.json';
import { type Receipt, type ReceiptKey, receiptOf } from '../../../../utils/exports/dpv/receipt';
import { dpvRecord } from '../../../../utils/exports/dpv/record';
import { anyRecordAndFacts, entry, factsFor, NOW_MS, recordOf, somebody } from './records';

vi.mock('webextension-polyfill', () => import('../../components/fake-browser'));

const line = (receipt: Receipt, label: ReceiptKey) =>
  receipt.sections.flatMap((section) => section.lines).find((one) => one.label === label)?.texts;
const made = (...[id, state, more, facts]: [...Parameters<typeof recordOf>, Parameters<typeof factsFor>[1]?]) =>
  receiptOf(dpvRecord(recordOf(id, state, more), factsFor(id, facts)));

describe('receiptOf', () => {
  test('says of every record what it is about, and no line is empty', () => {
    fc.assert(
      fc.property(anyRecordAndFacts, ([record, facts]) => {
        const receipt = receiptOf(dpvRecord(record, facts));
        expect(JSON.parse(JSON.stringify(receipt))).toEqual(receipt);
        const lines = receipt.sections.flatMap((section) => section.lines);
        for (const { label, texts } of lines) expect(texts.length, label).toBeGreaterThan(0);
        for (const text of lines.flatMap((one) => one.texts)) {
          if ('atMs' in text) expect(Number.isFinite(text.atMs)).toBe(true);
        }
        expect(line(receipt, 'receipt_state')).toEqual([{ kind: 'say', key: `state_${record.state}` }]);
      }),
      { numRuns: 200 },
    );
  });

  test('names the texts that all of Cloudopt has by the keys that they have', () => {
    fc.assert(
      fc.property(anyRecordAndFacts, ([record, facts]) => {
        const receipt = receiptOf(dpvRecord(record, facts));
        const lines = receipt.sections.flatMap((section) => section.lines);
        const keys = [
          ...lines.map((one) => one.label),
          ...lines.flatMap((one) => one.texts.flatMap((text) => ('key' in text ? [text.key] : []))),
        ];
        for (const key of keys.filter((one) => !one.startsWith('receipt_'))) {
          expect(Object.hasOwn(messages, key), key).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('quotes the notice, and says in Cloudopt’s words what is not there', () => {
    const full = made('site-insight', 'granted');
    expect(line(full, 'receipt_capability')).toEqual([{ kind: 'quoted', text: 'The name of site-insight' }]);
    expect(line(full, 'receipt_scope')).toEqual([{ kind: 'say', key: 'receipt_scope_all' }]);
    expect(line(full, 'notice_withdrawal')).toEqual([{ kind: 'quoted', text: 'One click.' }]);
    expect(line(full, 'notice_retention')).toEqual([
      { kind: 'say', key: 'receipt_keep_days', subs: [30] },
      { kind: 'quoted', text: 'Kept for a while.' },
    ]);
    expect(line(full, 'notice_destination')).toEqual([{ kind: 'say', key: 'receipt_no_recipients' }]);
    expect(line(full, 'receipt_storage')).toContainEqual({ kind: 'say', key: 'receipt_this_device' });

    const bare = made('site-cleaner', 'granted', { notice: null, policyVersion: null, events: [] });
    expect(line(bare, 'receipt_capability')).toEqual([{ kind: 'exact', text: 'site-cleaner' }]);
    expect(line(bare, 'receipt_scope')).toEqual([{ kind: 'say', key: 'receipt_scope_none' }]);
    expect(line(bare, 'notice_withdrawal')).toEqual([{ kind: 'say', key: 'withdrawal' }]);
    expect(line(bare, 'notice_fields')).toEqual([{ kind: 'say', key: 'notice_no_fields' }]);
    expect(line(bare, 'notice_retention')).toEqual([{ kind: 'say', key: 'receipt_nothing_kept' }]);
    expect(line(bare, 'receipt_notice_hash')).toEqual([{ kind: 'say', key: 'receipt_notice_lost' }]);
    expect(line(bare, 'state_granted')).toContainEqual({ kind: 'say', key: 'receipt_history_lost' });
    expect(bare.language).toBe('und');
  });

  test('names the recipients, and both parties with all that the standard asks', () => {
    const receipt = made('browsing-time', 'granted', {}, { recipients: [somebody], jurisdictions: ['loc:DE'] });
    expect(line(receipt, 'notice_destination')).toEqual([{ kind: 'exact', text: 'Somebody' }]);
    expect(line(receipt, 'receipt_jurisdiction')).toEqual([{ kind: 'exact', text: 'loc:DE' }]);
    const parties = receipt.sections.filter((section) => /controller|recipient/.test(section.title));
    expect(parties.map((section) => section.title)).toEqual(['receipt_controller', 'receipt_recipient']);
    for (const { lines } of parties) expect(lines).toHaveLength(5);
  });

  test('tells how long each event held, and entries that changed nothing apart', () => {
    const events = [entry(1, 'granted'), entry(2, 'erased', 'clock')];
    const receipt = made('site-insight', 'granted', { events, lifetime: 'hour', validUntilMs: NOW_MS + 5000 });
    expect(line(receipt, 'kind_granted')).toEqual([
      { kind: 'moment', atMs: NOW_MS + 1000 },
      { kind: 'say', key: 'actor_person' },
      { kind: 'say-moment', key: 'receipt_until_moment', atMs: NOW_MS + 5000 },
      { kind: 'exact', text: 'dpv:ConsentGiven' },
    ]);
    expect(receipt.sections.find((section) => section.title === 'receipt_other_entries')?.lines).toEqual([
      {
        label: 'kind_erased',
        texts: [
          { kind: 'moment', atMs: NOW_MS + 2000 },
          { kind: 'say', key: 'actor_clock' },
        ],
      },
    ]);
    expect(line(made('site-insight', 'granted', { lifetime: 'session' }), 'kind_granted')).toContainEqual({
      kind: 'say',
      key: 'receipt_until_session',
    });
  });

  test('says whether a record that was read is as it was written', () => {
    const record = dpvRecord(recordOf('site-insight', 'granted'), factsFor('site-insight'));
    expect(receiptOf(record).remarks).toEqual(['receipt_meaning']);
    expect(receiptOf(record, 'intact').remarks).toEqual(['receipt_meaning', 'receipt_intact']);
    expect(receiptOf(record, 'changed').remarks).toEqual(['receipt_meaning', 'receipt_changed']);
  });
});

describe('ReceiptView', () => {
  const root = document.createElement('main');
  const say = (key: ReceiptKey, ...subs: (string | number)[]) => [key, ...subs].join(' ');
  const show = (receipt: Receipt) => act(() => render(<ReceiptView receipt={receipt} say={say} />, root));
  afterEach(() => render(null, root));

  test('shows every label and every text', async () => {
    const receipt = made('site-insight', 'granted', { lifetime: 'hour', validUntilMs: NOW_MS });
    await show(receipt);
    expect(root.querySelector('h2')?.textContent).toBe('receipt_title');
    const shown = [...root.querySelectorAll('.receipt-line')].map((one) => ({
      label: one.querySelector('dt')?.textContent,
      texts: [...one.querySelectorAll('dd > p')].map((text) => text.textContent),
    }));
    const lines = receipt.sections.flatMap((section) => section.lines);
    expect(shown.map((one) => one.label)).toEqual(lines.map((one) => one.label));
    for (const [index, { texts }] of lines.entries()) {
      expect(shown[index]?.texts).toHaveLength(texts.length);
      for (const [nth, text] of texts.entries()) {
        const words = shown[index]?.texts[nth];
        if (text.kind === 'quoted' || text.kind === 'exact') expect(words).toBe(text.text);
        else if (text.kind === 'say') expect(words).toBe([text.key, ...(text.subs ?? [])].join(' '));
        else expect(words).toContain('2026');
      }
    }
  });

  test('marks the language of what it quotes, and the moment for machines', async () => {
    await show(made('site-insight', 'granted'));
    expect(root.querySelector('[data-line="receipt_capability"] [lang]')?.getAttribute('lang')).toBe('en');
    expect(root.querySelector('[data-line="receipt_since"] time')?.getAttribute('datetime')).toBe(
      new Date(NOW_MS).toISOString(),
    );
  });

  test('takes words of a record for words: no markup, no link, nothing to click', async () => {
    const hostile = '<img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a>';
    const record = recordOf('site-insight', 'granted');
    const notice = record.notice && { ...record.notice, name: hostile, does: hostile };
    await show(
      made('site-insight', 'granted', { notice }, { recipients: [{ ...somebody, url: 'javascript:alert(1)' }] }),
    );
    expect(root.textContent).toContain(hostile);
    expect(root.querySelectorAll('a, img, button, script, iframe')).toHaveLength(0);
  });
});
