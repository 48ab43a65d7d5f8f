import { describe, expect, test } from 'vitest';
import { consentOf, subjectId } from '../../../utils/background/consents';
import { eraseEverything, everything } from '../../../utils/background/everything';
import { storesDocument } from '../../../utils/exports/download';
import { dpvRecord, factsOf } from '../../../utils/exports/dpv/record';
import { dpvRecordShape } from '../../../utils/exports/dpv/shape';
import { ChainVerifier } from '../../../utils/grants/chain';
import { hashOf } from '../../../utils/platform/hash';
import { background, FakeBrowser } from '../../sim/fake-world';
import { grant, notice } from '../../sim/journey';

const SHOP = '*://shop.example/*';
const record = (key: string) => ({
  key,
  site: 'shop.example',
  atMs: 1_800_000_000_000,
  data: { party: 'cdn.example', requests: 1 },
});

/** A profile with something in every store that a person's doings fill. */
async function lived() {
  const browser = new FakeBrowser();
  const it = background(browser);
  await it.core.start();
  await grant(browser, it, 'site-insight', { scope: SHOP });
  await it.leases[0]?.write({ records: [record('a'), record('b')], uses: 3 });
  await it.core.revoke('site-insight', SHOP);
  await grant(browser, it, 'notifications');
  await it.leases[1]?.write({ uses: 1 });
  const { database } = it.core.openStatus();
  await database.put('notices', { hash: '0'.repeat(64), notice: { about: 'nothing any more' } });
  await database.put('settings', { key: 'a setting', value: 1 });
  await database.put('outbox', { id: 'o', capability: 'site-insight' });
  await subjectId(database, it.core.ports.ids, 'make');
  return { browser, it, database };
}
type Lived = Awaited<ReturnType<typeof lived>>;

async function taken({ it }: Lived): Promise<Record<string, object[]>> {
  const blob = await storesDocument({ format: 'f', version: 1 }, everything(it.core));
  return JSON.parse(await blob.text()) as Record<string, object[]>;
}

describe('everything', () => {
  test('is each row of each store, and what stands beside the database', async () => {
    const w = await lived();
    const file = await taken(w);
    for (const store of w.database.objectStoreNames) {
      expect(file[store] ?? [], store).toEqual(await w.database.getAll(store));
    }
    expect(file).toMatchObject({ format: 'f', version: 1, local: [{ key: 'head', value: { seq: 5 } }] });
    expect(Object.keys(file)).toEqual(expect.arrayContaining(['records', 'ledger', 'grants', 'settings', 'notices']));
  });

  test('is read in batches, damaged rows among them', async () => {
    const w = await lived();
    const transaction = w.database.transaction('records', 'readwrite');
    for (let n = 0; n < 600; n += 1) transaction.store.put({ id: `x${n}`, ...(n % 7 === 0 ? {} : { atMs: n }) });
    await transaction.done;
    let most = 0;
    const ids = new Set<unknown>();
    for await (const batch of everything(w.it.core)) {
      most = Math.max(most, batch.length);
      for (const { store, row } of batch) if (store === 'records') ids.add((row as { id: unknown }).id);
    }
    expect(most).toBe(250);
    expect(ids.size).toBe(602);
  });

  test('of an empty profile is a document all the same', async () => {
    async function* nothing() {
      yield [];
    }
    expect(JSON.parse(await (await storesDocument({ a: 1 }, nothing())).text())).toEqual({ a: 1 });
  });
});

describe('erasing everything', () => {
  test('takes back what is live first, and leaves the history, the state of each permission, and its notice', async () => {
    const w = await lived();
    const lease = w.it.leases[1];
    expect(lease?.signal.aborted).toBe(false);
    const outcome = await eraseEverything(w.it.core);
    expect(outcome).toEqual({ kind: 'erased', stopped: 1, records: 2, notices: 1, settings: 3 });
    expect(lease?.signal.aborted).toBe(true);
    expect((await lease?.write({ uses: 1 }))?.kind).toBe('stale-lease');
    expect(w.browser.permissions.permissions.has('notifications')).toBe(false);
    const file = await taken(w);
    expect(Object.keys(file).sort()).toEqual([
      'fences',
      'format',
      'grants',
      'ledger',
      'local',
      'notices',
      'settings',
      'version',
    ]);
    expect(file.settings?.map((row) => (row as { key: string }).key)).toEqual(['database', 'policy']);
    expect(file.grants).toMatchObject([
      { capability: 'notifications', state: 'revoked', seals: [] },
      { capability: 'site-insight', state: 'revoked', seals: [] },
    ]);
    const hashes = [hashOf(notice('notifications')), hashOf(notice('site-insight', SHOP))];
    expect(file.notices?.map((row) => (row as { hash: string }).hash).sort()).toEqual(hashes.sort());
    expect(file.ledger?.at(-1)).toMatchObject({
      kind: 'erased',
      by: 'person',
      details: { what: 'everything', records: 2, notices: 1, settings: 3 },
    });
    const verifier = new ChainVerifier();
    verifier.add(file.ledger ?? []);
    expect(verifier.verdict().kind).toBe('intact');
  });

  test('is no lost history to the next start, and a permission can be granted anew', async () => {
    const w = await lived();
    await eraseEverything(w.it.core);
    w.database.close();
    const next = background(w.browser);
    await next.core.start();
    const kinds = (await next.core.openStatus().database.getAll('ledger')).map((row) => (row as { kind: string }).kind);
    expect(kinds.slice(-2)).toEqual(['revoked', 'erased']);
    expect((await grant(w.browser, next, 'site-insight', { scope: SHOP })).kind).toBe('granted');
    expect((await next.leases[0]?.write({ records: [record('c')] }))?.kind).toBe('kept');
  });

  test('erases nothing where a revocation can not be put on record', async () => {
    const w = await lived();
    const { book } = w.it.core.openStatus();
    book.change = () => Promise.reject(new Error('the disk is full'));
    expect(await eraseEverything(w.it.core)).toEqual({ kind: 'not-stopped', undurable: 1 });
    expect(w.it.leases[1]?.signal.aborted).toBe(true);
    expect(await w.database.count('records')).toBe(2);
    expect(await w.database.count('uses')).toBe(2);
  });

  test('keeps the notice of a question that is on screen', async () => {
    const w = await lived();
    const { core } = w.it;
    const shown = notice('browsing-time');
    const asked = { nonce: 'n', capability: 'browsing-time', scope: '*' } as const;
    const { Core } = await import('../../../utils/background/core');
    await core.openPrompt({ ...asked, notice: Core.noticeRef(shown) }, shown);
    await eraseEverything(core);
    expect(await w.database.get('notices', hashOf(shown))).toMatchObject({ notice: shown });
  });
});

describe('a consent record', () => {
  test('of one grant has its own entries and its notice, and makes a whole DPV record', async () => {
    const { database, it } = await lived();
    const found = await consentOf(database, 'site-insight', SHOP);
    expect(found).toMatchObject({ state: 'revoked', scope: SHOP, notice: { capability: 'site-insight' } });
    expect(found?.events.map((event) => event.kind)).toEqual(['asked', 'granted', 'revoked']);
    expect(await consentOf(database, 'site-insight', '*')).toBeNull();
    const id = (await subjectId(database, it.core.ports.ids, 'look')) ?? '';
    const facts = factsOf('site-insight', '*', { subjectId: id, receiptAtMs: 1_800_000_000_000, appVersion: '0.1.0' });
    if (found) expect(dpvRecordShape.safeParse(dpvRecord(found, facts)).success).toBe(true);
  });
});

test('the subject’s id is made once, when it is first needed, and can be replaced', async () => {
  const browser = new FakeBrowser();
  const { core } = background(browser);
  await core.start();
  const { database } = core.openStatus();
  const id = (how: 'look' | 'make' | 'renew') => subjectId(database, core.ports.ids, how);
  expect(await id('look')).toBeNull();
  const made = await id('make');
  expect(made).toEqual(expect.any(String));
  expect([await id('look'), await id('make')]).toEqual([made, made]);
  const other = await id('renew');
  expect(other).not.toBe(made);
  expect(await id('make')).toBe(other);
});
