import { describe, expect, it, vi } from 'vitest';
import { actorText, kindText, ledgerSentence } from '../../../components/ledger-sentence';
import { actors, type LedgerEntry, ledgerKinds } from '../../../utils/grants/ledger-entry';

vi.mock('webextension-polyfill', () => import('./fake-browser'));

const entry = (more: Partial<LedgerEntry>): LedgerEntry => ({
  seq: 1,
  atMs: 0,
  kind: 'asked',
  capability: 'site-insight',
  scope: '*://shop.example/*',
  grantId: 'g',
  epoch: 1,
  maxEpoch: 1,
  by: 'person',
  notice: null,
  details: {},
  prevHash: '',
  hash: '',
  ...more,
});

describe('ledgerSentence', () => {
  it('has a sentence for every kind, whoever caused it, with nothing left to fill in', () => {
    for (const kind of ledgerKinds) {
      for (const by of actors) {
        const sentence = ledgerSentence(entry({ kind, by }));
        expect(sentence, `${kind} by ${by}`).toMatch(/^\S.*\.$/);
        expect(sentence).not.toMatch(/\$\d|undefined/);
        expect(actorText(by)).not.toBe('');
      }
      expect(kindText(kind)).not.toBe('');
    }
  });

  it.each([
    [
      { kind: 'erased', capability: null, scope: null, details: { what: 'everything', records: 2 } },
      'You erased everything that can be erased: 2 records, and settings and notices.',
    ],
    [
      { kind: 'exported', capability: null, scope: null, details: { what: 'everything', items: 1 } },
      'You exported everything: 1 row.',
    ],
    [{ kind: 'granted', details: { lifetime: 'hour' } }, 'You allowed Site insight for shop.example, for one hour.'],
    [{ kind: 'granted', scope: '*' }, 'You allowed Site insight for all sites, until you take it back.'],
    [
      { kind: 'granted', capability: 'notifications', scope: '*', details: { lifetime: 'session' } },
      'You allowed Notifications, until this browser session ends.',
    ],
    [{ kind: 'revoked', details: { takenOutOf: '*' } }, 'You took shop.example out of Site insight for all sites.'],
    [{ kind: 'revoked', by: 'browser' }, 'Site insight for shop.example was taken back in the browser’s own settings.'],
    [
      { kind: 'revoked', by: 'managed' },
      'Site insight for shop.example was taken back by a policy of your organisation.',
    ],
    [
      { kind: 'refused', by: 'managed', capability: 'notifications', scope: '*' },
      'Notifications was forbidden by your organisation while it was being asked for. Nothing was turned on.',
    ],
    [
      { kind: 'revoked', by: 'managed', capability: 'crash-reports', scope: '*', details: { why: 'endpoint' } },
      'Crash reports was ended because the server that was set for it is not the one that you were shown.',
    ],
    [
      { kind: 'refused', by: 'managed', capability: 'crash-reports', scope: '*', details: { why: 'endpoint' } },
      'Another server was set for Crash reports while it was being asked for. Nothing was turned on.',
    ],
    [{ kind: 'erased', by: 'clock', details: { records: 1 } }, '1 sealed record was erased because its time was over.'],
    [{ kind: 'erased', capability: null, scope: null, details: { records: 1200 } }, 'You erased 1,200 records.'],
    [
      { kind: 'exported', capability: null, details: { what: 'ledger', items: 3 } },
      'You exported the history: 3 entries.',
    ],
  ] satisfies [Partial<LedgerEntry>, string][])('%j', (more, sentence) => {
    expect(ledgerSentence(entry(more))).toBe(sentence);
  });
});
