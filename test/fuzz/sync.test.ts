/** A synchronizing device, all of its background, before a place that answers anything; and documents of a device that has the keys. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { protectionOf, protectionRowOf } from '../../utils/catalogue/protection-row';
import type { Carry } from '../../utils/egress/carry';
import type { Answers } from '../../utils/messages/contract';
import { DAY_MS } from '../../utils/platform/clock';
import { STAMP_MS_MAX, STAMP_N_MAX } from '../../utils/sync/clock';
import { type Document, decodeDocument, encodeDocument, isDocument } from '../../utils/sync/document';
import { labelOf, newKeyring, openDocument, openKeyring, sealDocument, sealKeyring } from '../../utils/sync/envelope';
import { troubleWhys } from '../../utils/sync/providers/provider';
import { readCheckpoint } from '../../utils/sync/session';
import { applyTo } from '../../utils/sync/settings';
import { join, noteLocal, type SyncState, syncState, takeIn, undo } from '../../utils/sync/state';
import { previewOf, viewOfState } from '../../utils/sync/viewing';
import { created, device, idle, place, SERVER } from '../unit/background/sync-stage';
import { NOW, stateOf, usual } from '../unit/sync/samples';
import { type Answer, answers, deepTexts } from './hostile-server';
import { almost, almostText, asJson, strange } from './mutations';
import { runs, TIMEOUT_MS } from './runs';
import { dump } from './world';

/** Answers of one run: a cycle asks at least twice. */
const ANSWERS_A_RUN = 8;
const syncedKinds = ['synced', 'behind', 'needs-secret', 'closed', 'off', 'out-of-turn'];

/** A running vault, the files that it made one after the other, and a way to begin anew from there. */
async function running(server: typeof SERVER | null) {
  const at = place();
  /** What takes the place of the honest answers, one after the other. */
  const hostile = { answers: [] as Answer[], heard: 0 };
  const carry: Carry = async (out) => {
    hostile.heard += 1;
    const next = hostile.answers.shift();
    if (next instanceof Error) throw next;
    return next ?? at.dav.carry(out);
  };
  const it = await device({ ...at, dav: Object.assign(Object.create(at.dav), { carry }) });
  const { core } = it.it;
  const { database } = core.openStatus();
  await created(it, server);
  const texts: string[] = [];
  for (const host of ['a.example', 'b.example']) {
    await it.block(host);
    await idle(it);
    texts.push(...[...at.dav.files.values()].map(({ text }) => text));
  }
  const files = new Map(at.dav.files);
  const items = structuredClone(at.area.items);
  const [uses, settings] = [await database.getAll('uses'), await database.getAll('settings')];
  const before = await dump(database);
  return {
    at,
    hostile,
    ...it,
    core,
    database,
    known: [...new Set(texts)],
    before,
    honest: () => {
      at.dav.files.clear();
      for (const [url, file] of files) at.dav.files.set(url, file);
      at.area.items = structuredClone(items);
      at.area.writes.length = 0;
    },
    restored: async () => {
      const transaction = database.transaction(['uses', 'settings'], 'readwrite');
      for (const store of ['uses', 'settings'] as const) transaction.objectStore(store).clear();
      for (const row of uses) transaction.objectStore('uses').put(row);
      for (const row of settings) transaction.objectStore('settings').put(row);
      await transaction.done;
    },
    checkpoint: async () => {
      const [lease] = core.office.leases();
      return readCheckpoint(await lease?.lastCheckpoint());
    },
  };
}

type Running = Awaited<ReturnType<typeof running>>;

/** Nothing of what stands on the device has gone beyond what the cycle keeps for itself. */
async function unharmed(w: Running): Promise<void> {
  const after = await dump(w.database);
  for (const store of ['fences', 'grants', 'ledger', 'notices', 'intents', 'records', 'outbox']) {
    // Days of use move the grant's row; nothing here does.
    expect(after[store], store).toEqual(w.before[store]);
  }
  expect(after.settings).toEqual(w.before.settings);
  expect(w.core.office.leases()).toHaveLength(1);
  expect(w.it.errors).toEqual([]);
  const kept = await w.checkpoint();
  expect(kept).toBeDefined();
  expect(kept?.state.vault).toBe((await firstState(w)).vault);
  expect((kept?.state.notBeforeMs ?? 0) - w.browser.nowMs).toBeLessThanOrEqual(DAY_MS);
}

const firstState = async (w: Running): Promise<SyncState> => {
  const rows = w.before.uses as { id: string; state?: { state: SyncState } }[];
  const row = rows.find(({ id }) => id.endsWith('|checkpoint'));
  if (!row?.state) throw new Error('no checkpoint');
  return row.state.state;
};

function isSynced(said: Answers['sync.now']): void {
  expect(syncedKinds).toContain(said.kind);
  if (said.kind !== 'behind') return;
  const known = [...troubleWhys, 'contended', 'damaged', 'other-vault', 'newer-format'];
  expect(known).toContain(said.why);
}

describe('a device that synchronizes', () => {
  test(
    'with a server that answers anything says so, keeps its settings, and goes on where the server is honest again',
    async () => {
      const w = await running(SERVER);
      const list = fc.array(answers(w.known, 4), { minLength: ANSWERS_A_RUN, maxLength: ANSWERS_A_RUN });
      await fc.assert(
        fc.asyncProperty(list, async (drawn) => {
          await w.restored();
          w.honest();
          w.browser.nowMs += 3_700_000;
          w.hostile.answers = [...drawn];
          w.hostile.heard = 0;
          isSynced(await w.ask('sync.now', {}));
          await unharmed(w);
          expect(w.hostile.heard).toBeLessThanOrEqual(60);
          w.hostile.answers = [];
          w.honest();
          w.browser.nowMs += 60_000;
          await w.block('c.example');
          await idle(w);
          expect(await w.ask('sync.now', {})).toMatchObject({ kind: 'synced' });
          expect((await w.settings()).block).toEqual(['a.example', 'b.example', 'c.example']);
          expect(await w.ask('sync.get', {})).toMatchObject({ phase: 'running' });
          // No server carries what this device writes to where no other change could win.
          const { entries } = (await w.checkpoint())?.state.document ?? { entries: {} };
          for (const { at } of Object.values(entries)) expect(at.ms).toBeLessThan(Date.UTC(2201, 0));
          expect(w.it.errors).toEqual([]);
        }),
        runs(60, ANSWERS_A_RUN),
      );
    },
    TIMEOUT_MS,
  );
});

describe('a file of a place', () => {
  test(
    'opens to what was sealed, or not at all; a file of keys asks for no more work than it may',
    async () => {
      const keyring = newKeyring();
      const plain = encodeDocument({
        entries: { 'protection.badge': { at: { ms: NOW, n: 0, by: 'a' }, value: false } },
      });
      const sealed = await sealDocument(plain, keyring);
      if (sealed.kind !== 'sealed') throw new Error(sealed.kind);
      const keys = await sealKeyring(keyring, 'correct horse battery staple');
      const deriving = vi.spyOn(crypto.subtle, 'deriveBits');
      const file = fc.oneof(
        { weight: 3, arbitrary: almostText(sealed.text).map((text) => ['settings', text] as const) },
        { weight: 3, arbitrary: almostText(keys).map((text) => ['keys', text] as const) },
        { weight: 4, arbitrary: almost(JSON.parse(keys)).map((file) => ['keys', asJson(file)] as const) },
        { weight: 1, arbitrary: fc.tuple(fc.constantFrom('settings', 'keys'), deepTexts) },
      );
      await fc.assert(
        fc.asyncProperty(file, async ([name, text]) => {
          if (name === 'settings') {
            const opened = await openDocument(text, keyring);
            expect(['opened', 'unknown-key', 'other-vault', 'damaged']).toContain(opened.kind);
            if (opened.kind === 'opened') expect(opened).toMatchObject({ bytes: plain, retired: false });
            return;
          }
          const opened = await openKeyring(text, { recovery: keyring.recovery }, keyring);
          expect(['opened', 'wrong-secret', 'other-vault', 'went-back', 'damaged']).toContain(opened.kind);
          if (opened.kind === 'opened') expect(opened.keyring).toEqual(keyring);
          if (labelOf(text)) return;
          expect(await openKeyring(text, { passphrase: 'not this one, surely' })).toMatchObject({ kind: 'damaged' });
        }),
        runs(200),
      );
      expect(deriving).not.toHaveBeenCalled();
      deriving.mockRestore();
    },
    TIMEOUT_MS,
  );

  test(
    'of a device that has the keys and writes anything changes settings to such as there are, and breaks nothing',
    () => {
      const host = fc.constantFrom('a.example', 'b.example', '127.1', 'A.example', '*', '');
      const key = fc.oneof(
        host.map((name) => `protection.host/${name}`),
        fc.constantFrom(
          'protection.badge',
          'protection.list/ads',
          'protection.list/x',
          'device/a',
          'device/',
          '__proto__',
        ),
      );
      const stamp = fc.record({
        ms: fc.oneof(fc.constantFrom(0, NOW, STAMP_MS_MAX), fc.maxSafeNat()),
        n: fc.constantFrom(0, 1, STAMP_N_MAX),
        by: fc.constantFrom('a', 'me', 'zz'),
      });
      const value = fc.oneof(
        fc.constantFrom<unknown>('allow', 'block', true, false, { name: 'x', joinedMs: 1 }),
        strange,
      );
      const entries = fc.dictionary(key, fc.record({ at: stamp, value }, { requiredKeys: ['at'] }), { maxKeys: 6 });
      const whole = entries.map((some): Document => ({ entries: some as Document['entries'] })).filter(isDocument);
      const bytes = fc.oneof(
        { weight: 3, arbitrary: whole.map(encodeDocument) },
        {
          weight: 3,
          arbitrary: whole
            .chain((one) => almost(JSON.parse(new TextDecoder().decode(encodeDocument(one)))))
            .map((one) => new TextEncoder().encode(asJson(one))),
        },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
        { weight: 1, arbitrary: deepTexts.map((text) => new TextEncoder().encode(text)) },
      );
      const keyring = newKeyring();
      const local = { ...usual, 'protection.host/a.example': 'block' };
      fc.assert(
        fc.property(bytes, fc.constantFrom('joining', 'running'), (raw, phase) => {
          const decoded = decodeDocument(raw);
          if (decoded.kind === 'unreadable') {
            expect(['newer-format', 'too-large', 'no-document']).toContain(decoded.why);
            return;
          }
          const first = stateOf('me', keyring, { phase });
          const taken = takeIn(first, local, decoded.document, NOW);
          const began = phase === 'joining' ? join(taken.state, local, 'replace', NOW) : taken;
          const here = began.apply ?? local;
          const row = protectionRowOf(applyTo(protectionOf(undefined), here));
          expect(protectionRowOf(protectionOf(row))).toEqual(row);
          // The person goes on changing things, each of which has to be sent.
          const { 'protection.host/a.example': before, ...rest } = here;
          const changed = { ...rest, 'protection.host/a.example': before === 'allow' ? 'block' : 'allow' };
          const noted = noteLocal(began.state, changed, NOW + 60_000);
          const undone = undo(noted, changed, NOW + 120_000);
          for (const state of [taken.state, began.state, noted, undone.state]) {
            expect(syncState.safeParse(state).success).toBe(true);
          }
          // What is kept is sent, and read by the others.
          const { document } = undone.state;
          expect(decodeDocument(encodeDocument(document))).toEqual({ kind: 'document', document });
          expect(viewOfState(undone.state, null, here, NOW, 1)).toBeDefined();
          previewOf(taken.state, local);
        }),
        runs(300),
      );
    },
    TIMEOUT_MS,
  );
});
