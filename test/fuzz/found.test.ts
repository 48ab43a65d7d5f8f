/** What hostile inputs found once: each must stay found. */
import { describe, expect, test } from 'vitest';
import { isScope } from '../../utils/catalogue/domains';
import { STAMP_MS_MAX, STAMP_N_MAX } from '../../utils/sync/clock';
import { decodeDocument, encodeDocument } from '../../utils/sync/document';
import { newKeyring } from '../../utils/sync/envelope';
import { noteLocal, skewOf } from '../../utils/sync/state';
import { FakeBrowser } from '../sim/fake-world';
import { grant } from '../sim/journey';
import { NOW, stateOf, usual } from '../unit/sync/samples';
import { world } from './world';

const options = { id: 'ours', url: 'chrome-extension://ours/options.html' };

async function running() {
  const browser = new FakeBrowser();
  const w = await world(browser);
  await grant(browser, w, 'notifications');
  return { ...w, database: w.core.openStatus().database };
}

describe('a revocation is on record', () => {
  test.each<[string, object]>([
    ['with half a character in the last row', { seq: 50, kind: '\uD800' }],
    ['with a number that JSON has no word for in the last row', { seq: 50, kind: 1n }],
    ['with a last row whose key is a word', { seq: 'last' }],
    ['with a last row whose key is a list', { seq: [[]] }],
    ['with a last row between two numbers', { seq: 50.5 }],
    ['with a last row after which no number is left', { seq: Number.MAX_SAFE_INTEGER }],
    ['with a last row at the end of all numbers', { seq: Number.POSITIVE_INFINITY }],
  ])('%s', async (_, row) => {
    const { core, database } = await running();
    await database.put('ledger', row);
    expect(await core.revoke('notifications', '*')).toMatchObject({ kind: 'revoked' });
    const fence = (await database.get('fences', ['notifications', '*'])) as { live: boolean };
    expect(fence.live).toBe(false);
    const entries = (await database.getAll('ledger')) as { kind?: unknown }[];
    expect(entries.map(({ kind }) => kind)).toContain('revoked');
  });

  test('under an epoch above those given out before the end was damaged', async () => {
    const { core, database } = await running();
    const [last] = ((await database.getAll('ledger')) as { seq: number; epoch: number }[]).slice(-1);
    await database.clear('fences');
    await database.put('ledger', { seq: (last?.seq ?? 0) + 1 });
    const { book } = core.openStatus();
    const changed = await book.change({ capability: 'notifications', scope: '*', event: 'revoke', by: 'person' });
    expect(changed).toMatchObject({ kind: 'changed' });
    if (changed.kind === 'changed') expect(changed.fence.epoch).toBeGreaterThan(last?.epoch ?? 0);
  });
});

test('a report whose time is no number is erased with the oldest, and breaks no sweep', async () => {
  const { core, database } = await running();
  await database.put('outbox', { id: 'x', capability: 'crash-reports', atMs: { toString: undefined } });
  await core.sweep();
  expect(await database.count('outbox')).toBe(0);
});

test('a record whose time is no number hides no site', async () => {
  const { ask, database } = await running();
  for (const [site, atMs] of [
    ['a.example', [1]],
    ['b.example', 1],
  ] as const) {
    await database.put('records', { id: site, site, atMs });
  }
  const answer = await ask({ name: 'records.sites', input: { prefix: '' } }, options);
  expect(answer).toEqual({ ok: true, answer: { sites: ['a.example', 'b.example'] } });
});

test('a row that JSON can’t carry does not keep the others from an export', async () => {
  const { read, database } = await running();
  await database.put('uses', { id: 'x', times: 1n });
  expect(await read('everything', { purpose: 'export' })).toBe('end');
});

test('a policy with half a character in it is followed', async () => {
  const { browser, core, errors } = await running();
  browser.policy = { forbiddenCapabilities: ['notifications'], '\uD800': 1 };
  await core.managedChanged();
  expect(core.managed).toMatchObject({ unread: false, forbidden: ['notifications'] });
  expect(core.office.leases()).toEqual([]);
  expect(errors).toEqual([]);
});

describe('a clock that can’t be right', () => {
  const keyring = newKeyring();

  test.each([8_640_000_000_000_000, -8_640_000_000_000_000, Date.UTC(1970, 0), Date.UTC(2500, 0)])(
    'of a server (%d) carries no stamp of this device',
    (serverMs) => {
      const skewMs = skewOf(serverMs, NOW);
      const state = noteLocal(
        stateOf('me', keyring, { skewMs }),
        { ...usual, 'protection.badge': false },
        NOW + 60_000,
      );
      expect(state.document.entries['protection.badge']?.at).toMatchObject({ ms: NOW + 60_000 });
    },
  );

  test('that was believed before, or the last of all stamps, leaves a document that can be written', () => {
    const last = { at: { ms: STAMP_MS_MAX, n: STAMP_N_MAX, by: 'other' }, value: true };
    for (const skewMs of [STAMP_MS_MAX, -STAMP_MS_MAX]) {
      const first = stateOf('me', keyring, { skewMs, document: { entries: { 'protection.badge': last } } });
      const state = noteLocal(first, { ...usual, 'protection.badge': false, 'protection.list/ads': false }, NOW);
      expect(decodeDocument(encodeDocument(state.document))).toEqual({ kind: 'document', document: state.document });
    }
  });
});

test('a host that no address can have is no scope', () => {
  expect(isScope('https://xn--a/*')).toBe(false);
  expect(isScope('https://xn--bcher-kva.example/*')).toBe(true);
});
