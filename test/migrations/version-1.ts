/** A database as version 1 wrote it: stores, indexes and rows by hand. Frozen: a row is added, none is changed. */
interface StoreOfVersion1 {
  readonly name: string;
  readonly keyPath: string | readonly string[];
  readonly indexes: Readonly<Record<string, string | readonly string[]>>;
  readonly rows: readonly object[];
}

const notice = {
  hash: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  policyVersion: '2019-01',
  language: 'en',
  clauses: [{ id: 'I.5', hash: 'f02fbb967e613a925ccc8a91a7225b26b84a1f73c30e038cfa24c1fb539843e8' }],
};

export const version1: readonly StoreOfVersion1[] = [
  {
    name: 'fences',
    keyPath: ['capability', 'scope'],
    indexes: { capability: 'capability' },
    rows: [
      {
        capability: 'browsing-time',
        scope: '*',
        grantId: 'grant-1',
        epoch: 1,
        live: true,
        validUntilMs: null,
        latestSeenMs: 1800000001000,
        excluded: false,
      },
    ],
  },
  {
    name: 'grants',
    keyPath: ['capability', 'scope'],
    indexes: {},
    rows: [
      {
        capability: 'browsing-time',
        scope: '*',
        grantId: 'grant-1',
        state: 'granted',
        epoch: 1,
        sinceMs: 1800000001000,
        lifetime: 'until-revoked',
        validUntilMs: null,
        session: null,
        notice,
        quietUntilMs: 0,
        lastUsedMs: 1800000001000,
        seals: [{ grantId: 'grant-0', scope: '*', atMs: 1799999990000, eraseAtMs: 1802591990000 }],
      },
    ],
  },
  {
    name: 'ledger',
    keyPath: 'seq',
    indexes: {},
    rows: [
      {
        atMs: 1800000000000,
        kind: 'asked',
        capability: 'browsing-time',
        scope: '*',
        grantId: null,
        epoch: 0,
        maxEpoch: 0,
        by: 'person',
        notice: notice,
        details: {},
        seq: 1,
        prevHash: '0000000000000000000000000000000000000000000000000000000000000000',
        hash: '1cbfa4dbf6a40dc57f6a4520e7f23c1617ccbdcc37f5eea51fd41664e7ac40fc',
      },
      {
        atMs: 1800000001000,
        kind: 'granted',
        capability: 'browsing-time',
        scope: '*',
        grantId: 'grant-1',
        epoch: 1,
        maxEpoch: 1,
        by: 'person',
        notice: notice,
        details: { lifetime: 'until-revoked' },
        seq: 2,
        prevHash: '1cbfa4dbf6a40dc57f6a4520e7f23c1617ccbdcc37f5eea51fd41664e7ac40fc',
        hash: '980f366f69c7344f01cb57a8a07f02bbf4c94cec6211e6d08870b6b76c395037',
      },
    ],
  },
  {
    name: 'notices',
    keyPath: 'hash',
    indexes: {},
    rows: [{ hash: notice.hash, notice: { capability: 'browsing-time' } }],
  },
  {
    name: 'intents',
    keyPath: 'nonce',
    indexes: { capability: 'capability' },
    rows: [
      {
        nonce: 'nonce-1',
        capability: 'notifications',
        scope: '*',
        notice,
        openedAtMs: 1800000002000,
        allowed: { scope: '*', lifetime: 'hour', atMs: 1800000003000, expiresAtMs: 1800000603000 },
      },
    ],
  },
  {
    name: 'records',
    keyPath: 'id',
    indexes: {
      at: ['atMs', 'id'],
      capability: ['capability', 'atMs', 'id'],
      site: ['site', 'atMs', 'id'],
      grant: ['grantId', 'atMs', 'id'],
    },
    rows: [
      {
        id: 'grant-1|2027-01-15|shop.example',
        capability: 'browsing-time',
        scope: '*',
        grantId: 'grant-1',
        epoch: 1,
        atMs: 1800000004000,
        site: 'shop.example',
        day: '2027-01-15',
        attentionMs: 61000,
      },
      {
        id: 'grant-2|1800000004000-visit|cdn.example',
        capability: 'site-insight',
        scope: '*://shop.example/*',
        grantId: 'grant-2',
        epoch: 3,
        atMs: 1800000004000,
        site: 'shop.example',
        day: '2027-01-15',
        party: 'cdn.example',
        requests: 12,
      },
    ],
  },
  { name: 'outbox', keyPath: 'id', indexes: { capability: 'capability' }, rows: [] },
  {
    name: 'uses',
    keyPath: 'id',
    indexes: { at: ['atMs', 'id'], capability: ['capability', 'atMs', 'id'] },
    rows: [
      {
        id: 'grant-1|1799998800000',
        capability: 'browsing-time',
        scope: '*',
        grantId: 'grant-1',
        epoch: 1,
        kind: 'hour',
        atMs: 1799998800000,
        times: 3,
        lastMs: 1800000004000,
      },
      {
        id: 'grant-1|checkpoint',
        capability: 'browsing-time',
        scope: '*',
        grantId: 'grant-1',
        epoch: 1,
        kind: 'checkpoint',
        atMs: 1800000004000,
        state: { session: 'session-1', site: 'shop.example', upToMs: 1800000004000 },
      },
    ],
  },
  {
    name: 'settings',
    keyPath: 'key',
    indexes: {},
    rows: [
      { key: 'database', id: 'database-1' },
      { key: 'policy', version: '2019-01' },
      { key: 'told', seq: 1 },
    ],
  },
];
