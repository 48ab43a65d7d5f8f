import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ScriptConnection } from '../../../utils/capabilities/capability';
import { start } from '../../../utils/capabilities/site-insight';
import { Channel } from '../../../utils/leases/forwarder';
import type { Lease } from '../../../utils/leases/lease';
import { settle, stage } from './stage';

class Connection implements ScriptConnection {
  readonly messages = new Channel<[unknown]>();
  readonly closed = new Channel<[]>();
  readonly sent: unknown[] = [];
  wasCut = false;
  constructor(readonly site: string) {}
  send(message: unknown): void {
    this.sent.push(message);
  }
  cut(): void {
    this.wasCut = true;
    this.closed.emit();
  }
}

async function observing(scope = '*', elsewhere: string[] = []) {
  const it = await stage();
  const given = await it.lease('site-insight', scope, { elsewhere });
  const world = it.world();
  const lease = given.lease as Lease<'site-insight'>;
  await start(lease, world);
  const connect = (site = 'shop.example', to: Lease = lease) => {
    const connection = new Connection(site);
    world.on.connected.emit(to, connection);
    return connection;
  };
  const batch = (...hosts: [string, number][]) => ({ kind: 'seen', grantId: lease.grantId, epoch: lease.epoch, hosts });
  const say = async (connection: Connection, message: unknown) => {
    connection.messages.emit(message);
    await settle();
  };
  return { ...it, ...given, lease, world, connect, batch, say };
}

describe('the content script', () => {
  test('is registered for the granted site alone, with what was taken out left out', async () => {
    const site = await observing('*://shop.example/*');
    expect([...site.played.scripts.values()]).toMatchObject([{ matches: ['*://shop.example/*'], excludeMatches: [] }]);
    expect(site.played.injected).toEqual(['site-insight *://shop.example/*']);
    const all = await observing('*', ['*://a.example/*']);
    const [script] = [...all.played.scripts.values()];
    expect(script).toMatchObject({ matches: ['*://*/*'], excludeMatches: ['*://a.example/*'] });
    expect(script?.wants('https://a.example/x')).toBe(false);
    expect(script?.wants('https://b.example/x')).toBe(true);
    expect(script?.wants('about:blank')).toBe(false);
  });

  test('is told under which grant it runs', async () => {
    const { connect, lease } = await observing();
    const { grantId, epoch, grantedAtMs } = lease;
    expect(connect().sent).toEqual([{ kind: 'lease', grantId, epoch, grantedAtMs }]);
  });

  test('of another lease’s site is not heard', async () => {
    const { connect, lease } = await observing();
    expect(connect('shop.example', { ...lease } as Lease).sent).toEqual([]);
  });

  test('is told to stop, and cut, when the lease ends', async () => {
    const it = await observing();
    const [open, left] = [it.connect(), it.connect('b.example')];
    left.closed.emit();
    it.controller.abort();
    expect(open.sent.at(-1)).toEqual({ kind: 'halt' });
    expect(open.wasCut).toBe(true);
    expect(left.sent).toHaveLength(1);
    await it.say(open, it.batch(['x.example', 1]));
    expect(await it.records()).toEqual([]);
    const connection = new Connection('c.example');
    it.world.on.connected.emit(it.lease, connection);
    expect(connection.sent).toEqual([]);
  });

  test('that was being registered while the lease ended is taken off again', async () => {
    const it = await stage();
    const { lease, controller } = await it.lease('site-insight');
    const starting = start(lease as Lease<'site-insight'>, it.world());
    controller.abort();
    await starting;
    expect(it.played.scripts.size).toBe(0);
    expect(it.played.injected).toEqual([]);
  });
});

describe('what a content script says', () => {
  test('is kept by third party, stamped with the site that the browser names', async () => {
    const it = await observing();
    await it.say(it.connect(), it.batch(['x.example', 3], ['CDN.x.example', 2]));
    expect(await it.records()).toMatchObject([
      { site: 'shop.example', party: 'cdn.x.example', requests: 2, grantId: it.lease.grantId, epoch: it.lease.epoch },
      { site: 'shop.example', party: 'x.example', requests: 3 },
    ]);
  });

  test('again replaces what it said before: nothing is counted twice', async () => {
    const it = await observing();
    const connection = it.connect();
    await it.say(connection, it.batch(['x.example', 3]));
    await it.say(connection, it.batch(['x.example', 5]));
    expect(await it.records()).toMatchObject([{ requests: 5 }]);
    await it.say(it.connect(), it.batch(['x.example', 2]));
    expect((await it.records()).length).toBe(2);
    expect(await it.database.getAll('uses')).toMatchObject([{ times: 2 }]);
  });

  test('of the site itself and its own hosts is not kept', async () => {
    const it = await observing();
    const hosts: [string, number][] = [
      ['shop.example', 1],
      ['cdn.shop.example', 1],
      ['no host', 1],
      ['', 1],
      ['x.example', 1],
    ];
    await it.say(it.connect('www.shop.example'), it.batch(...hosts));
    expect((await it.records()).map((row) => row.capability === 'site-insight' && row.party)).toEqual(['x.example']);
  });

  test('under another grant or epoch is dropped, and never stamped with the present one', async () => {
    const it = await observing();
    const connection = it.connect();
    const good = it.batch(['x.example', 1]);
    await it.say(connection, { ...good, grantId: 'other' });
    await it.say(connection, { ...good, epoch: it.lease.epoch - 1 });
    await it.say(connection, { ...good, epoch: it.lease.epoch + 1 });
    expect(await it.records()).toEqual([]);
    expect(connection.wasCut).toBe(false);
  });

  test.each<[string, (good: object) => unknown]>([
    ['nothing', () => undefined],
    ['a string', () => 'seen'],
    ['a member more', (good) => ({ ...good, more: 1 })],
    ['no count', (good) => ({ ...good, hosts: [['x.example']] })],
    ['half a request', (good) => ({ ...good, hosts: [['x.example', 0.5]] })],
    ['no request', (good) => ({ ...good, hosts: [['x.example', 0]] })],
    ['a request too many', (good) => ({ ...good, hosts: [['x.example', 100_001]] })],
    ['a host too long', (good) => ({ ...good, hosts: [['x'.repeat(256), 1]] })],
    ['401 hosts', (good) => ({ ...good, hosts: Array.from({ length: 401 }, (_, n) => [`h${n}.example`, 1]) })],
  ])('as %s cuts its connection, and nothing is kept', async (_what, spoil) => {
    const it = await observing();
    const connection = it.connect();
    await it.say(connection, spoil(it.batch(['x.example', 1])));
    expect(connection.sent.at(-1)).toEqual({ kind: 'halt' });
    expect(connection.wasCut).toBe(true);
    expect(await it.records()).toEqual([]);
  });

  test('may name 400 hosts', async () => {
    const it = await observing();
    const connection = it.connect();
    await it.say(
      connection,
      it.batch(...Array.from({ length: 400 }, (_, n): [string, number] => [`h${n}.example`, 1])),
    );
    // Writes go one after another: this one is done when all before it are.
    await it.lease.write({});
    expect(connection.wasCut).toBe(false);
    expect(await it.records()).toHaveLength(400);
  });

  test('is never more than was asked of it, whatever it is', async () => {
    const it = await observing();
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (message) => {
        const connection = it.connect();
        connection.messages.emit(message);
        expect(connection.wasCut).toBe(true);
      }),
    );
    await settle();
    expect(await it.records()).toEqual([]);
  });
});
