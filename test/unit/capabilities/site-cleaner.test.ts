import { describe, expect, test } from 'vitest';
import { type Cleaned, dataKinds } from '../../../utils/capabilities/capability';
import { start } from '../../../utils/capabilities/site-cleaner';
import type { Lease } from '../../../utils/leases/lease';
import { settle, stage } from './stage';

async function cleaning() {
  const it = await stage();
  const given = await it.lease('site-cleaner');
  const world = it.world();
  await start(given.lease as Lease<'site-cleaner'>, world);
  const clean = (port?: number) =>
    new Promise<Cleaned>((answer) => world.on.clean.emit({ host: 'shop.example', port, answer }));
  return { ...it, ...given, world, clean };
}

describe('the site cleaner', () => {
  test('clears every kind of the site’s data, says so, and writes the use', async () => {
    const it = await cleaning();
    expect(await it.clean()).toEqual({ kind: 'cleared', cleared: [...dataKinds], left: [] });
    expect(it.played.cleared).toEqual(dataKinds.map((kind) => `shop.example ${kind}`));
    expect(await it.database.getAll('uses')).toMatchObject([{ capability: 'site-cleaner', times: 1 }]);
    expect(await it.records()).toEqual([]);
  });

  test('hands on the page’s own port', async () => {
    const it = await cleaning();
    await it.clean(8443);
    expect(it.played.cleared[0]).toBe('shop.example:8443 cookies');
  });

  test('names what the browser can’t clear for one site', async () => {
    const it = await cleaning();
    it.played.clear = async (_host, _port, kind) => kind !== 'cache';
    const left = ['cache'];
    expect(await it.clean()).toEqual({ kind: 'cleared', cleared: dataKinds.filter((kind) => kind !== 'cache'), left });
  });

  test('clears nothing that the fence no longer lets through', async () => {
    const it = await cleaning();
    await it.book.change({ capability: 'site-cleaner', scope: '*', event: 'revoke', by: 'person' });
    expect(await it.clean()).toEqual({ kind: 'failed', why: 'stale-lease' });
    expect(it.played.cleared).toEqual([]);
  });

  test('stops in the middle when it is taken back', async () => {
    const it = await cleaning();
    it.played.clear = async () => {
      it.controller.abort();
      return true;
    };
    expect(await it.clean()).toEqual({ kind: 'failed', why: 'stale-lease' });
    expect(it.played.cleared).toHaveLength(1);
    expect(it.world.on.clean.attached).toBe(0);
  });

  test('says what went wrong', async () => {
    const it = await cleaning();
    it.played.clear = async () => Promise.reject(new Error('no'));
    expect(await it.clean()).toEqual({ kind: 'failed', why: 'no' });
    await settle();
  });
});
