import { describe, expect, test } from 'vitest';
import { newsOf } from '../../../utils/background/news';
import { start } from '../../../utils/capabilities/notifications';
import { type LedgerEntry, ledgerKinds } from '../../../utils/grants/ledger-entry';
import type { Lease } from '../../../utils/leases/lease';
import { settle, stage } from './stage';

async function telling() {
  const it = await stage();
  const given = await it.lease('notifications');
  const world = it.world();
  await start(given.lease as Lease<'notifications'>, world);
  const tell = async (seq: number, id = `news-${seq}`) => {
    world.on.news.emit({ id, title: 'Cloudopt', body: `news ${seq}` });
    await settle();
  };
  return { ...it, ...given, world, tell };
}

describe('notifications', () => {
  test('show what is new, once, and write the use', async () => {
    const it = await telling();
    await it.tell(7);
    expect([...it.played.notified]).toEqual([['news-7', { title: 'Cloudopt', message: 'news 7' }]]);
    expect(await it.database.getAll('uses')).toMatchObject([{ capability: 'notifications', times: 1 }]);
  });

  test('show nothing that the fence no longer lets through', async () => {
    const it = await telling();
    await it.book.change({ capability: 'notifications', scope: '*', event: 'revoke', by: 'person' });
    await it.tell(7);
    expect([...it.played.notified]).toEqual([]);
  });

  test('open the history when clicked; those of others are left alone', async () => {
    const it = await telling();
    await it.tell(7);
    it.events.notificationClicked.fire('other-7');
    await settle();
    expect(it.played.shown).toEqual([]);
    it.events.notificationClicked.fire('news-7');
    await settle();
    expect(it.played.shown).toEqual(['history']);
    expect([...it.played.notified]).toEqual([]);
  });

  test('about a bulletin open the page that has it', async () => {
    const it = await telling();
    await it.tell(1, 'bulletin-leak');
    it.events.notificationClicked.fire('bulletin-leak');
    await settle();
    expect(it.played.shown).toEqual(['permissions']);
  });

  test('go when they are taken back, and hear nothing more', async () => {
    const it = await telling();
    await it.tell(7);
    it.controller.abort();
    await it.tell(8);
    expect([...it.played.notified]).toEqual([]);
    expect(it.events.notificationClicked.listeners.size).toBe(0);
  });
});

describe('an entry as news', () => {
  const entry = (kind: LedgerEntry['kind'], capability: LedgerEntry['capability']) =>
    ({ seq: 3, kind, capability, details: {} }) as LedgerEntry;
  const say = (key: string, ...names: (string | number)[]) => [key, ...names].join(' ').trim();

  test('names its capability', () => {
    expect(newsOf(entry('expired', 'browsing-time'), say)).toEqual({
      id: 'news-3',
      title: 'extension_name',
      body: 'notify_expired cap_browsing_time_name',
    });
    expect(newsOf(entry('history-lost', null), say)?.body).toBe('notify_history_lost');
    const moved = { ...entry('revoked', 'crash-reports'), details: { why: 'endpoint' } };
    expect(newsOf(moved, say)?.body).toBe('notify_revoked_moved cap_crash_reports_name');
  });

  test('exists for what happens without the person alone', () => {
    expect(ledgerKinds.filter((kind) => newsOf(entry(kind, null), say))).toEqual([
      'revoked',
      'expired',
      'paused',
      'handed-back',
      'history-lost',
      'policy-changed',
    ]);
  });
});
