import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capabilityIds } from '../../../utils/catalogue/catalogue';
import { barred, forbids, managedKeys, parseManaged, unreadManaged } from '../../../utils/policy/managed';

const kinds = (raw: unknown) => parseManaged(raw).problems.map(({ kind, word }) => `${kind} ${word}`);

describe('a managed policy', () => {
  test('that is none sets nothing', () => {
    for (const raw of [undefined, null, {}]) {
      const managed = parseManaged(raw);
      expect(managed).toMatchObject({ exists: false, unread: false, forbidden: [], locked: [], problems: [] });
      expect(managed.syncServers).toBeNull();
      for (const id of capabilityIds) expect(barred(managed, id)).toBeUndefined();
    }
  });

  test('forbids by id, also in another spelling, and as one word', () => {
    expect(parseManaged({ forbiddenCapabilities: ['notifications'] }).forbidden).toEqual(['notifications']);
    expect(parseManaged({ forbiddenCapabilities: [' Notifications '] }).forbidden).toEqual(['notifications']);
    expect(parseManaged({ forbiddenCapabilities: 'browsing-time' }).forbidden).toEqual(['browsing-time']);
    const managed = parseManaged({ forbiddenCapabilities: ['notifications'] });
    expect(forbids(managed, 'notifications')).toBe(true);
    expect(forbids(managed, 'browsing-time')).toBe(false);
    expect(barred(managed, 'notifications')).toBe('capability');
  });

  test('names an id that is none, and loosens nothing for it', () => {
    const raw = { forbiddenCapabilities: ['time-travel', '__proto__', 'notifications'], allow: ['browsing-time'] };
    expect(parseManaged(raw).forbidden).toEqual(['notifications']);
    expect(kinds(raw)).toEqual(['unknown-key allow', 'unknown-capability time-travel', 'unknown-capability __proto__']);
  });

  test.each([true, 0, 7, {}, { notifications: true }, [['notifications']], [null], ['notifications', 5]])(
    'that means to forbid and can’t be read forbids everything: %j',
    (value) => {
      expect(parseManaged({ forbiddenCapabilities: value }).forbidden).toEqual(capabilityIds);
      expect(kinds({ forbiddenCapabilities: value })).toEqual(['unreadable forbiddenCapabilities']);
    },
  );

  test.each([[[]], ['x'], [7], [['notifications']]])('that is no object closes everything: %j', (raw) => {
    const managed = parseManaged(raw);
    expect(managed).toMatchObject({ exists: true, forbidden: capabilityIds, locked: ['permissions'], syncServers: [] });
    expect(managed.problems[0]).toEqual({ kind: 'unreadable', word: 'policy' });
  });

  test('locks permissions, and says of others that nothing there can be locked', () => {
    const managed = parseManaged({ lockedSections: ['permissions', 'data', 'cellar'] });
    expect(managed.locked).toEqual(['permissions']);
    expect(kinds({ lockedSections: ['permissions', 'data', 'cellar'] })).toEqual([
      'nothing-to-lock data',
      'nothing-to-lock cellar',
    ]);
    for (const id of capabilityIds) {
      expect(barred(managed, id)).toBe('section');
      expect(forbids(managed, id)).toBe(false);
    }
    expect(parseManaged({ lockedSections: { permissions: false } }).locked).toEqual(['permissions']);
  });

  test('sets endpoints over https alone, each with its place', () => {
    const statistics = { url: 'https://stats.example/count', place: 'Hamburg, Germany' };
    const crashes = { dsn: 'https://publickey@crash.example/4', place: 'Hamburg, Germany' };
    expect(parseManaged({ endpoints: { statistics, crashes } })).toMatchObject({
      endpoints: { statistics, crashes },
      problems: [],
    });
    const wrong = [
      { statistics: { ...statistics, url: 'http://stats.example/' } },
      { statistics: { ...statistics, url: 'https://me:secret@stats.example/' } },
      { statistics: { ...statistics, place: ' ' } },
      { statistics: { url: statistics.url } },
      { statistics: { ...statistics, always: true } },
      { statistics: 'https://stats.example/' },
      { crashes: { ...crashes, dsn: 'https://crash.example/4' } },
      { crashes: { ...crashes, dsn: 'https://key:secret@crash.example/4' } },
      { crashes: { ...crashes, dsn: 'javascript:alert(1)' } },
      { crashes: 1 },
    ];
    for (const endpoints of wrong) {
      expect(parseManaged({ endpoints }).endpoints, JSON.stringify(endpoints)).toEqual({});
      expect(kinds({ endpoints })).toEqual([`unreadable endpoints.${Object.keys(endpoints)[0]}`]);
    }
    expect(kinds({ endpoints: [] })).toEqual(['unreadable endpoints']);
    expect(kinds({ endpoints: { tracking: 'https://x.example' } })).toEqual(['unknown-key endpoints.tracking']);
  });

  test('keeps the origins of sync servers, none where none can be read', () => {
    const servers = (value: unknown) => parseManaged({ allowedSyncServers: value }).syncServers;
    expect(servers(['https://cloud.example', 'https://cloud.example/', 'https://b.example:8443'])).toEqual([
      'https://cloud.example',
      'https://b.example:8443',
    ]);
    for (const value of [[], 'https://cloud.example', ['http://cloud.example'], ['https://cloud.example/dav'], [3]]) {
      expect(servers(value), JSON.stringify(value)).toEqual([]);
    }
    expect(servers(undefined)).toBeNull();
  });

  test('that the browser does not hand over forbids everything and allows no server', () => {
    const managed = unreadManaged('no answer');
    expect(managed).toMatchObject({ exists: false, unread: true, syncServers: [] });
    for (const id of capabilityIds) {
      expect(forbids(managed, id)).toBe(true);
      expect(barred(managed, id)).toBe('unread');
    }
  });

  test('keeps what it says about itself short', () => {
    const raw = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`${n}${'x'.repeat(5000)}`, 1]));
    const { problems } = parseManaged(raw);
    expect(problems.length).toBe(50);
    expect(Math.max(...problems.map((problem) => problem.word.length))).toBe(100);
  });

  test('is declared to Chromium key by key, as one type each', () => {
    const schema = JSON.parse(readFileSync('public/managed-schema.json', 'utf8'));
    expect(schema.type).toBe('object');
    expect(Object.keys(schema.properties)).toEqual([...managedKeys]);
    // What the schema refuses, Chromium drops before it can be read as forbidding: so it refuses little.
    expect(JSON.stringify(schema)).not.toMatch(/enum|pattern|additionalProperties|required/);
  });
});

/** A policy as a careless or hostile administrator writes it: right keys, wrong values, and anything else. */
const word = fc.oneof(
  fc.constantFrom(...capabilityIds, 'permissions', 'data', 'https://a.example', 'http://a.example', '', '__proto__'),
  fc.string(),
);
const value = fc.oneof(word, fc.array(word), fc.jsonValue({ maxDepth: 3 }), fc.anything({ maxDepth: 2 }));
const endpoints = fc.record(
  {
    statistics: fc.oneof(value, fc.record({ url: word, place: word })),
    crashes: fc.oneof(value, fc.record({ dsn: word, place: word })),
  },
  { requiredKeys: [] },
);
const policy = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.record(
          {
            forbiddenCapabilities: value,
            lockedSections: value,
            allowedSyncServers: value,
            endpoints: fc.oneof(endpoints, value),
          },
          { requiredKeys: [] },
        ),
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
      )
      .map(([known, more]) => ({ ...more, ...known })),
  },
  { weight: 1, arbitrary: fc.anything() },
);

test('10,000 policies: none throws, and each forbids what it names or all, allows nothing, and opens nothing', () => {
  let forbidding = 0;
  fc.assert(
    fc.property(policy, (raw) => {
      const managed = parseManaged(raw);
      const named = (raw as { forbiddenCapabilities?: unknown } | null | undefined)?.forbiddenCapabilities;
      const list = Array.isArray(named) ? named : [named];
      for (const id of capabilityIds) {
        if (list.includes(id)) expect(forbids(managed, id)).toBe(true);
        if (forbids(managed, id)) expect(['capability', 'place']).toContain(barred(managed, id));
      }
      if (managed.forbidden.length > 0) forbidding += 1;
      for (const id of managed.forbidden) expect(capabilityIds).toContain(id);
      for (const server of managed.syncServers ?? []) expect(new URL(server).protocol).toBe('https:');
      const { statistics, crashes } = managed.endpoints;
      for (const url of [statistics?.url, crashes?.dsn]) if (url) expect(new URL(url).protocol).toBe('https:');
      // Whatever else it says, a key that is not there stays as strict as it is.
      if (raw !== null && typeof raw === 'object' && !Array.isArray(raw) && named !== undefined && named !== null) {
        const { forbiddenCapabilities: _, ...rest } = raw as Record<string, unknown>;
        for (const id of parseManaged(rest).forbidden) expect(managed.forbidden).toContain(id);
      }
      expect(managed.problems.length).toBeLessThanOrEqual(50);
    }),
    { numRuns: 10_000 },
  );
  expect(forbidding).toBeGreaterThan(1000);
});
