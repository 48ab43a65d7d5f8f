import { expect, test } from 'vitest';
import {
  type Acknowledged,
  aboutHeld,
  disagreements,
  hashOfEntry,
  type Look,
  missing,
} from '../../browser/ledger-check';

type Row = Record<string, unknown>;
interface Written {
  kind: string;
  capability: string | null;
  scope: string | null;
  grantId: string | null;
  epoch: number;
}

const SHOP = '*://shop.example/*';
const insight = { capability: 'site-insight', scope: SHOP, grantId: 'grant-1' };
const time = { capability: 'browsing-time', scope: '*', grantId: 'grant-2' };

function chained(entries: readonly Written[]): Row[] {
  let prevHash = '0'.repeat(64);
  return entries.map((entry, index) => {
    const row = { ...entry, seq: index + 1, prevHash };
    prevHash = hashOfEntry(row);
    return { ...row, hash: prevHash };
  });
}

const history: readonly Written[] = [
  { kind: 'asked', ...insight, grantId: null, epoch: 0 },
  { kind: 'granted', ...insight, epoch: 1 },
  { kind: 'granted', ...time, epoch: 2 },
  { kind: 'revoked', ...time, epoch: 3 },
];

/** A database in which all is well: one live grant, one that was revoked. */
const sound = (): Look & { stores: Record<keyof Look['stores'], Row[]> } => ({
  stores: {
    fences: [
      { ...insight, epoch: 1, live: true },
      { ...time, epoch: 3, live: false },
    ],
    grants: [
      { ...insight, epoch: 1, state: 'granted' },
      { ...time, epoch: 3, state: 'revoked' },
    ],
    ledger: chained(history),
    notices: [],
    intents: [],
    records: [
      { id: 'grant-1|a', ...insight, epoch: 1 },
      { id: 'grant-2|b', ...time, epoch: 2 },
    ],
    outbox: [],
    uses: [{ id: 'grant-1|checkpoint' }],
    settings: [{ key: 'protection', allow: [], block: ['ads.example'] }],
  },
  held: { permissions: ['alarms', 'storage'], origins: [SHOP], data_collection: [] },
});

const complaints = (look: Look): string[] => [
  ...disagreements(look),
  ...aboutHeld(look),
  ...missing(sound(), look, []),
];

test('nothing is said of a sound database', () => {
  expect(complaints(sound())).toEqual([]);
});

const broken: readonly [statement: string, breaking: (look: ReturnType<typeof sound>) => void, complaint: RegExp][] = [
  // 1. The ledger is intact.
  [
    'an entry was changed',
    ({ stores }) => Object.assign(stores.ledger[1] as Row, { epoch: 9 }),
    /^ledger: 2 was changed/,
  ],
  ['an entry is missing', ({ stores }) => stores.ledger.splice(0, 1), /^ledger: 2 stands at 1/],
  [
    'an entry follows another one',
    ({ stores }) => Object.assign(stores.ledger[2] as Row, { prevHash: 'f'.repeat(64) }),
    /^ledger: 3 does not follow/,
  ],
  // 2. Fences, and grants, agree with the ledger.
  [
    'a revoked fence is live',
    ({ stores }) => Object.assign(stores.fences[1] as Row, { live: true }),
    /^fences: browsing-time \* disagrees/,
  ],
  [
    'a fence has the epoch before its revocation',
    ({ stores }) => Object.assign(stores.fences[1] as Row, { epoch: 2 }),
    /^fences: browsing-time \* disagrees/,
  ],
  [
    'a fence is of another grant',
    ({ stores }) => Object.assign(stores.fences[0] as Row, { grantId: 'grant-9' }),
    /^fences: site-insight \S+ disagrees/,
  ],
  ['a fence is missing', ({ stores }) => stores.fences.splice(0, 1), /^fences: 1 rows, 2 in the ledger/],
  [
    'a fence stands for nothing in the ledger',
    ({ stores }) => stores.fences.push({ ...insight, scope: '*', epoch: 1, live: true }),
    /^fences: site-insight \* disagrees/,
  ],
  [
    'a grant has another state',
    ({ stores }) => Object.assign(stores.grants[1] as Row, { state: 'expired' }),
    /^grants: browsing-time \* disagrees/,
  ],
  // 3. The browser holds nothing that no live grant explains.
  [
    'a permission of an ended grant is held',
    (look) => Object.assign(look, { held: { ...look.held, permissions: ['tabs'] } }),
    /^the browser holds tabs/,
  ],
  [
    'another site is held',
    (look) => Object.assign(look, { held: { ...look.held, origins: ['*://shop.example.com/*'] } }),
    /^the browser holds \*:\/\/shop\.example\.com/,
  ],
  [
    'all sites are held for one',
    (look) => Object.assign(look, { held: { ...look.held, origins: ['*://*/*'] } }),
    /^the browser holds \*:\/\/\*\/\*/,
  ],
  [
    'a data collection permission is held',
    (look) => Object.assign(look, { held: { ...look.held, data_collection: ['technicalAndInteraction'] } }),
    /^the browser holds technicalAndInteraction/,
  ],
  // 4. No record of an epoch later than its revocation.
  [
    'a record of the epoch of its revocation',
    ({ stores }) => Object.assign(stores.records[1] as Row, { epoch: 3 }),
    /^record grant-2\|b is younger than its end/,
  ],
  [
    'a record of no grant',
    ({ stores }) => Object.assign(stores.records[0] as Row, { grantId: 'grant-9' }),
    /^record grant-1\|a was written under no grant/,
  ],
  [
    'a report of an ended grant that waits to be sent',
    ({ stores }) => stores.outbox.push({ id: 'report-1', ...time, epoch: 2 }),
    /^report-1 waits to be sent under an ended grant/,
  ],
  // 5. Nothing that was seen on disk is missing, and what had ended got nothing more.
  ['the end of the ledger is gone', ({ stores }) => stores.ledger.splice(3, 1), /^ledger: 4 \(revoked\) is gone/],
  [
    'the history went another way',
    ({ stores }) => {
      stores.ledger = chained([...history.slice(0, 3), { kind: 'expired', ...time, epoch: 3 }]);
    },
    /^ledger: 4 \(revoked\) is gone/,
  ],
  [
    'the history was lost',
    ({ stores }) => {
      const lost = { kind: 'history-lost', capability: null, scope: null, grantId: null, epoch: 3 };
      stores.ledger = chained([...history, lost]);
    },
    /^the history was lost/,
  ],
  ['a record is gone', ({ stores }) => stores.records.splice(0, 1), /^record grant-1\|a is gone/],
  [
    'a record came after the end of its grant',
    ({ stores }) => stores.records.push({ id: 'grant-2|c', ...time, epoch: 2 }),
    /^record grant-2\|c came after its end/,
  ],
  [
    'a record was changed after the end of its grant',
    ({ stores }) => Object.assign(stores.records[1] as Row, { attentionMs: 9 }),
    /^record grant-2\|b came after its end/,
  ],
];

test.each(broken)('%s', (_, breaking, complaint) => {
  const look = sound();
  breaking(look);
  expect(complaints(look)).toContainEqual(expect.stringMatching(complaint));
});

const unkept: readonly [Acknowledged, kept: boolean][] = [
  [{ kind: 'entry', after: 3, entry: 'revoked', capability: 'browsing-time', scope: '*' }, true],
  [{ kind: 'entry', after: 4, entry: 'revoked', capability: 'browsing-time', scope: '*' }, false],
  [{ kind: 'entry', after: 0, entry: 'expired', capability: 'browsing-time', scope: '*' }, false],
  [{ kind: 'entry', after: 0, entry: 'revoked', capability: 'site-insight', scope: '*' }, false],
  [{ kind: 'erased', ids: ['grant-1|z'] }, true],
  [{ kind: 'erased', ids: ['grant-1|z', 'grant-1|a'] }, false],
  [{ kind: 'listed', list: 'block', host: 'ads.example' }, true],
  [{ kind: 'listed', list: 'allow', host: 'ads.example' }, false],
  [{ kind: 'syncing', grantId: 'grant-1' }, true],
];

test.each(unkept)('acknowledged: %o, kept: %s', (one, kept) => {
  expect(missing(sound(), sound(), [one])).toHaveLength(kept ? 0 : 1);
});

test('a synchronization whose grant lives and whose checkpoint is gone is forgotten', () => {
  const look = sound();
  look.stores.uses = [];
  expect(missing(sound(), look, [{ kind: 'syncing', grantId: 'grant-1' }])).toHaveLength(1);
  expect(missing(sound(), look, [{ kind: 'syncing', grantId: 'grant-2' }])).toEqual([]);
});

test('records that may have been erased may be missing; a grant that was resumed may collect again', () => {
  const look = sound();
  look.stores.records = [{ id: 'grant-2|c', ...time, epoch: 4 }];
  look.stores.ledger = chained([...history, { kind: 'resumed', ...time, epoch: 4 }]);
  expect(missing(sound(), look, [], () => true)).toEqual([]);
});

test('a site below a live one, and what a deletion still needs, are explained', () => {
  const look = sound();
  look.stores.fences.push({ capability: 'site-insight', scope: '*://*.wide.example/*', live: true });
  look.stores.settings.push({ key: 'sync-erasure', scope: 'https://dav.example/*' });
  const origins = ['*://a.wide.example/*', 'https://wide.example/*', 'https://dav.example/*'];
  expect(aboutHeld({ ...look, held: { permissions: [], origins } })).toEqual([]);
  expect(aboutHeld({ ...look, held: { permissions: [], origins: ['*://awide.example/*'] } })).toHaveLength(1);
});
