import { describe, expect, test } from 'vitest';
import type { Fault } from '../../../utils/capabilities/capability';
import { CRASHES_PER_HOUR, start } from '../../../utils/capabilities/crash-reports';
import { recordRow } from '../../../utils/catalogue/record';
import type { Lease } from '../../../utils/leases/lease';
import { HOUR_MS } from '../../../utils/platform/clock';
import { settle, stage } from './stage';

const fault: Fault = {
  name: 'TypeError',
  message: 'can’t open https://bank.example/a?b#c as "Jane Doe"',
  stack: 'TypeError: x\n    at f (moz-extension://11111111-2222-3333-4444-555555555555/background.js:1:2)',
  where: 'background',
};

async function keeping() {
  const it = await stage();
  const given = await it.lease('crash-reports');
  const world = it.world();
  await start(given.lease as Lease<'crash-reports'>, world);
  const crash = async (...faults: Fault[]) => {
    for (const one of faults) world.on.crashed.emit(one);
    await settle();
  };
  return { ...it, ...given, on: world.on, crash };
}

describe('crash reports', () => {
  test('are scrubbed before they are kept, and say that they may be due', async () => {
    const it = await keeping();
    await it.crash(fault);
    const [row] = await it.records();
    expect(recordRow.safeParse(row).success).toBe(true);
    expect(row).toMatchObject({
      name: 'TypeError',
      frames: [{ function: 'f', file: 'background.js', line: 1, column: 2 }],
      handed: false,
    });
    expect(JSON.stringify(row)).not.toMatch(/bank|Jane|11111111|moz-extension/);
    expect(it.played.due).toBe(1);
  });

  test('keep the same crash once an hour, also through a restart of the background', async () => {
    const it = await keeping();
    await it.crash(fault, fault);
    const next = it.world();
    await start(it.leaseOf<'crash-reports'>(it.authority), next);
    next.on.crashed.emit(fault);
    await settle();
    expect(await it.records()).toHaveLength(1);
    it.clock.at += HOUR_MS;
    await it.crash(fault);
    expect(await it.records()).toHaveLength(2);
  });

  test('keep no more than so many of an hour', async () => {
    const it = await keeping();
    const names = 'abcdefghijklmnopqrstuvwxyz';
    for (const letter of names) await it.crash({ ...fault, message: `${letter} is undefined` });
    expect(await it.records()).toHaveLength(CRASHES_PER_HOUR);
  });

  test('hear nothing of the failure to write them', async () => {
    const it = await keeping();
    it.played.writes = { kind: 'failed', why: 'no database' };
    await it.crash(fault);
    it.played.writes = 'open';
    await it.crash({ ...fault, message: 'the database failed' });
    expect(await it.records()).toEqual([]);
    expect(it.played.due).toBe(0);
  });

  test('keep nothing once they are taken back', async () => {
    const it = await keeping();
    await it.book.change({ capability: 'crash-reports', scope: '*', event: 'revoke', by: 'person' });
    await it.crash(fault);
    it.controller.abort();
    await it.crash({ ...fault, message: 'another' });
    expect(await it.records()).toEqual([]);
    expect(it.on.crashed.attached).toBe(0);
  });
});
