/**
 * The steps in which the crash matrix kills: each is made ready, begun and not waited for. What a page was answered before
 * the death is kept as acknowledged.
 */
import type { Answers, Input, MessageName } from '../../utils/messages/contract';
import type { FaultyDav } from '../servers/faulty-dav';
import type { WebServer } from '../servers/web';
import { ask, type Driven, grant, held, type Page, promptUrl, rawRows, stateOf, testid, until } from './cloudopt';
import type { Dice } from './dice';
import { pause, untilCalm } from './driver/driver';
import { type Acknowledged, entriesOf, type Look } from './ledger-check';
import { olderShapes, putOlder, putRecords, putValidity } from './raw-rows';

/** Holds the browser's permission for every site below it, so that most questions need no prompt of the browser's. */
export const BROAD = '*://*.shop.example/*';
const SYNC = 'https://dav.example/*';
/** Records that an erasure has to go through, some transactions' worth. */
const FILLED = 1200;

export type Death = 'browser' | 'worker';

/** One browser and what is around it, in one run. */
export interface World {
  readonly browser: Driven;
  readonly options: Page;
  readonly web: WebServer;
  readonly dav: FaultyDav;
  /** The address of `dav` under the name that is granted. */
  readonly davUrl: string;
  readonly dice: Dice;
  readonly death: Death;
  /** A host's label that was never used in this profile. */
  readonly label: string;
  /** What pages were told is done, of every run of this profile. */
  readonly told: Acknowledged[];
}

export interface Begun {
  /** Whether it was answered by now; what the answer says is then among what was told. */
  answered(): Promise<boolean>;
  /** There is no answer to wait for. */
  readonly neverAnswers?: boolean;
  /** Whether the server was asked so often since it began. */
  asked?(nth: number): boolean;
  /** Records that may go in it. */
  readonly mayGo?: (record: Readonly<Record<string, unknown>>) => boolean;
  /** After the death of the worker: the person goes on in pages that are still there. */
  goOn?(): Promise<void>;
  /** What does not hold of this step after the next start, in words. */
  after?(world: World, death: Death): Promise<string[]>;
}

export interface Step {
  readonly name: string;
  /** The death comes again, in the start that follows. */
  readonly inStart?: boolean;
  /** It speaks to the server of synchronization, and may die at one of its requests. */
  readonly asksServer?: boolean;
  ready?(world: World): Promise<void>;
  begin(world: World, before: Look): Promise<Begun>;
}

const scopeOf = ({ label }: World): string => `*://${label}.shop.example/*`;

/** Sends a message and does not wait for its answer. @returns a look at what it was answered; `undefined` before that. */
async function begin<N extends MessageName>(
  page: Page,
  name: N,
  input: Input<N>,
): Promise<() => Promise<Answers[N] | undefined>> {
  await page.evaluate(
    (message: object) => {
      const { runtime } = (
        globalThis as unknown as { chrome: { runtime: { sendMessage(message: object): Promise<unknown> } } }
      ).chrome;
      const kept = window as unknown as { begun: unknown };
      kept.begun = undefined;
      // A background that dies under it never answers.
      runtime.sendMessage(message).then(
        (reply) => {
          kept.begun = reply;
        },
        () => undefined,
      );
    },
    { name, input },
  );
  return async () => {
    const reply = (await page.evaluate(() => (window as unknown as { begun?: unknown }).begun ?? null)) as {
      ok: boolean;
      answer?: Answers[N];
      why?: string;
    } | null;
    if (reply?.ok === false) throw new Error(`${name}: ${reply.why}`);
    return reply?.answer;
  };
}

/** For messages: what is told once the answer is there. */
const told =
  <T>({ told }: World, answer: () => Promise<T | undefined>, of: (answer: T) => readonly Acknowledged[]) =>
  async (): Promise<boolean> => {
    const given = await answer();
    if (given === undefined) return false;
    for (const one of of(given)) if (!told.includes(one)) told.push(one);
    return true;
  };

type Entered = Extract<Acknowledged, { kind: 'entry' }>;

const entry = (before: Look, kind: string, capability: string, scope: string): Entered => ({
  kind: 'entry',
  after: before.stores.ledger.length,
  entry: kind,
  capability,
  scope,
});

/** For what pages do by themselves: on disk is as good as acknowledged. */
const onRecord = (world: World, wanted: Entered) => async (): Promise<boolean> => {
  const rows = await rawRows(world.options, 'ledger');
  const there = rows.some(
    (row) =>
      Number(row.seq) > wanted.after &&
      row.kind === wanted.entry &&
      row.scope === wanted.scope &&
      row.capability === wanted.capability,
  );
  if (there && !world.told.includes(wanted)) world.told.push(wanted);
  return there;
};

const noAnswer = { answered: async () => false, neverAnswers: true };

async function within(ms: number, what: string, probe: () => Promise<boolean>): Promise<string[]> {
  return untilCalm(probe, what, ms).then(
    () => [],
    (error: unknown) => [String(error)],
  );
}

// ------------------------------------------------------------------------------------------------------------- asking

async function openQuestion({ browser }: World, scope: string): Promise<Page> {
  const prompt = await browser.open(promptUrl('site-insight', scope));
  await prompt.waitFor(testid('allow'));
  return prompt;
}

/** Clicks, and does not wait for what comes of it. */
const click = (page: Page, name: string): void => void page.click(testid(name)).catch(() => undefined);

/** A question that its page left is over. */
const noQuestion = async ({ options }: World): Promise<string[]> =>
  within(15_000, 'no question is left open', async () => (await rawRows(options, 'intents')).length === 0);

async function broad({ browser, options }: World): Promise<void> {
  if ((await stateOf(options, 'site-insight', BROAD)) === 'granted') return;
  await grant(browser, options, 'site-insight', { scope: BROAD });
}

const asking: Step[] = [
  {
    name: 'asking, in our prompt',
    async begin(world, before) {
      const scope = scopeOf(world);
      void world.browser.open(promptUrl('site-insight', scope)).catch(() => undefined);
      return {
        answered: onRecord(world, entry(before, 'asked', 'site-insight', scope)),
        after: (now, death) => (death === 'browser' ? noQuestion(now) : Promise.resolve([])),
      };
    },
  },
  {
    name: "asking, in the browser's prompt",
    async begin(world) {
      const { browser, dice, label, options } = world;
      const scope = `*://${label}.other.example/*`;
      const prompt = await openQuestion(world, scope);
      await prompt.click(testid('allow'));
      await until(() => browser.nativePrompt(prompt), 'native prompt');
      const answer = dice.pick(['allow', 'refuse'] as const);
      const wanted = answer === 'allow' ? 'granted' : 'refused';
      const settled = async () =>
        (await rawRows(options, 'grants')).some((row) => row.scope === scope && row.state === wanted);
      let isAnswered = false;
      return {
        // Where the death is to come after an answer, one is given.
        async answered() {
          if (!isAnswered) await browser.answerNative(prompt, answer, settled);
          isAnswered = true;
          return true;
        },
        async goOn() {
          if (!isAnswered) await browser.answerNative(prompt, answer, settled);
          isAnswered = true;
        },
        async after(now, death) {
          const state = await stateOf(now.options, 'site-insight', scope);
          if (death === 'worker') return state === wanted ? [] : [`${answer} came to ${state}`];
          return [
            ...(await noQuestion(now)),
            // The browser may lose a permission this young; then the grant is over too.
            ...(answer === 'refuse' && state === 'granted' ? ['granted, though refused'] : []),
          ];
        },
      };
    },
  },
  {
    name: 'refusing',
    async begin(world, before) {
      const answer = world.dice.pick(['not-now', 'never'] as const);
      const scope = scopeOf(world);
      const prompt = await openQuestion(world, scope);
      click(prompt, answer);
      const kind = answer === 'never' ? 'never' : 'refused';
      return { answered: onRecord(world, entry(before, kind, 'site-insight', scope)) };
    },
  },
  {
    name: 'granting',
    ready: broad,
    async begin(world, before) {
      const scope = scopeOf(world);
      const prompt = await openQuestion(world, scope);
      click(prompt, 'allow');
      return { answered: onRecord(world, entry(before, 'granted', 'site-insight', scope)) };
    },
  },
];

// ------------------------------------------------------------------------------------------------- writing and ending

/** A page that makes for a record every few milliseconds, under a grant of its own. */
async function flood(world: World, lifetime: 'until-revoked' | 'session' | 'hour'): Promise<void> {
  await broad(world);
  const { browser, label, options, web } = world;
  await grant(browser, options, 'site-insight', { scope: scopeOf(world), lifetime });
  const parties = Array.from({ length: 12 }, (_, index) => `p${index}.example`).join();
  await browser.open(web.url(`${label}.shop.example`, `/flood?perSecond=60&parties=${parties}`));
  await until(
    async () => (await rawRows(options, 'records')).some((row) => row.scope === scopeOf(world)),
    'a record of the flood',
  );
}

const ending: Step[] = [
  {
    name: 'writing',
    ready: (world) => flood(world, 'until-revoked'),
    begin: async () => noAnswer,
  },
  {
    name: 'revoking',
    ready: (world) =>
      world.dice.chance(0.7)
        ? flood(world, 'until-revoked')
        : broad(world).then(() => grant(world.browser, world.options, 'site-insight', { scope: scopeOf(world) })),
    async begin(world, before) {
      const scope = scopeOf(world);
      const answer = await begin(world.options, 'grants.revoke', { capability: 'site-insight', scope });
      return {
        answered: told(world, answer, ({ kind }) =>
          kind === 'revoked' ? [entry(before, 'revoked', 'site-insight', scope)] : [],
        ),
      };
    },
  },
  {
    name: 'stopping everything',
    ready: (world) => flood(world, 'until-revoked'),
    async begin(world, before) {
      const live = before.stores.fences.filter((fence) => fence.live);
      const answer = await begin(world.options, 'grants.stop-all', {});
      return {
        answered: told(world, answer, ({ undurable }) =>
          undurable === 0
            ? live.map(({ capability, scope }) => entry(before, 'revoked', String(capability), String(scope)))
            : [],
        ),
      };
    },
  },
  {
    name: 'expiring, by the clock',
    ready: (world) => flood(world, 'hour'),
    async begin(world, before) {
      const scope = scopeOf(world);
      const untilMs = Date.now() + world.dice.below(300);
      await world.options.evaluate(putValidity, 'site-insight', scope, untilMs);
      return {
        answered: onRecord(world, entry(before, 'expired', 'site-insight', scope)),
        after: ({ options }) =>
          within(
            15_000,
            'what ran out has ended',
            async () => (await stateOf(options, 'site-insight', scope)) === 'expired',
          ),
      };
    },
  },
  {
    name: "expiring, with the browser's session",
    inStart: true,
    ready: (world) => flood(world, 'session'),
    async begin(world) {
      const scope = scopeOf(world);
      return {
        ...noAnswer,
        async after({ options }, death) {
          const state = await stateOf(options, 'site-insight', scope);
          return state === (death === 'browser' ? 'expired' : 'granted') ? [] : [`of this session: ${state}`];
        },
      };
    },
  },
];

// ------------------------------------------------------------------------------------- erasing, migrating and settings

/** Puts records under the broad grant, as if it had collected them. @returns their ids. */
async function filled(world: World, before: Look): Promise<string[]> {
  const fence = before.stores.fences.find(({ live, scope }) => live && scope === BROAD);
  if (fence === undefined) throw new Error('the broad grant is gone');
  const { grantId, epoch } = fence;
  return world.options.evaluate(
    putRecords,
    { scope: BROAD, grantId: String(grantId), epoch: Number(epoch) },
    `${world.label}.shop.example`,
    FILLED,
  );
}

const rest: Step[] = [
  {
    name: 'erasing records',
    ready: broad,
    async begin(world, before) {
      const ids = await filled(world, before);
      const site = `${world.label}.shop.example`;
      const filter = world.dice.pick([{ site }, { capability: 'site-insight' as const }, undefined]);
      const what = filter ? ({ kind: 'some', filter } as const) : ({ kind: 'all' } as const);
      const answer = await begin(world.options, 'records.erase', { what });
      return {
        answered: told(world, answer, () => [{ kind: 'erased', ids }]),
        mayGo: (row) => filter === undefined || !('site' in filter) || row.site === site,
      };
    },
  },
  {
    name: 'erasing what an ended grant collected',
    ready: broad,
    async begin(world, before) {
      const ids = await filled(world, before);
      await ask(world.options, 'grants.revoke', { capability: 'site-insight', scope: BROAD });
      const what = { kind: 'sealed', capability: 'site-insight', scope: BROAD } as const;
      const answer = await begin(world.options, 'records.erase', { what });
      return {
        answered: told(world, answer, () => [
          { kind: 'erased', ids },
          entry(before, 'revoked', 'site-insight', BROAD),
          entry(before, 'erased', 'site-insight', BROAD),
        ]),
        mayGo: (row) => row.scope === BROAD,
      };
    },
  },
  {
    name: 'erasing everything',
    ready: broad,
    async begin(world, before) {
      const ids = await filled(world, before);
      // The person's lists go as well.
      const others = world.told.filter(({ kind }) => kind !== 'listed');
      world.told.splice(0, world.told.length, ...others);
      const answer = await begin(world.options, 'everything.erase', {});
      return {
        answered: told(world, answer, ({ kind }) =>
          kind === 'erased' ? [{ kind: 'erased', ids }, entry(before, 'revoked', 'site-insight', BROAD)] : [],
        ),
        mayGo: () => true,
      };
    },
  },
  {
    name: 'migrating',
    inStart: true,
    ready: broad,
    async begin(world, before) {
      await filled(world, before);
      await world.browser.stopBackground();
      const version = world.dice.pick([1, 2] as const);
      await world.options.evaluate(putOlder, version, olderShapes(version));
      // Left to the browser's next start, or to whoever asks first and wakes the background.
      if (world.death === 'browser' && world.dice.chance(0.5)) return noAnswer;
      const answer = await begin(world.options, 'state.get', {});
      return { answered: async () => (await answer()) !== undefined };
    },
  },
  {
    name: 'keeping a setting',
    async begin(world) {
      const host = `${world.label}.ads.example`;
      const list = world.dice.pick(['allow', 'block'] as const);
      const change = { kind: 'add', to: list, host } as const;
      const answer = await begin(world.options, 'protection.change', { change });
      return {
        answered: told(world, answer, ({ kind }) => (kind === 'changed' ? [{ kind: 'listed', list, host }] : [])),
      };
    },
  },
];

// ------------------------------------------------------------------------------------------------------------- syncing

const server = ({ dav, davUrl }: World) => ({ url: davUrl, user: dav.user, password: dav.password });
const copies = ({ dav }: World): string[] => [...dav.files.keys()].filter((path) => path.endsWith('.jwe'));

function emptyPlace({ dav }: World): void {
  for (const path of dav.files.keys()) if (path !== '/') dav.files.delete(path);
}

/** Few tries: the door lets only so many through in an hour. */
const ERASURE_TRIES = 5;

/**
 * Brings a deletion of the copy to its end. @returns `given-up` where the browser lost the server's permission in the crash, as
 * Chromium does with young ones: then it stays on record until the person gives it up.
 */
async function noErasure({ options }: World): Promise<'done' | 'given-up'> {
  let answer: unknown;
  for (let left = ERASURE_TRIES; left > 0; left -= 1) {
    if ((await ask(options, 'sync.get', {})).erasure === null) return 'done';
    const tried = await ask(options, 'sync.erasure', { what: 'retry' });
    if (tried.kind !== 'pending') return 'done';
    if (!(await held(options)).origins.includes(SYNC)) {
      await ask(options, 'sync.erasure', { what: 'drop' });
      return 'given-up';
    }
    answer = tried;
    await pause(1000);
  }
  throw new Error(`the deletion is not done: ${JSON.stringify(answer)}`);
}

/** A grant of synchronization with nothing at its place. */
async function placed(world: World): Promise<void> {
  const { browser, options } = world;
  await noErasure(world);
  if ((await ask(options, 'sync.get', {})).live !== null) {
    await ask(options, 'sync.revoke', { scope: SYNC, remote: 'keep' });
  }
  emptyPlace(world);
  await grant(browser, options, 'cloud-sync', { scope: SYNC });
  const looked = await ask(options, 'sync.look', { server: server(world) });
  if (looked.kind !== 'empty') throw new Error(`the place: ${JSON.stringify(looked)}`);
}

async function synchronized(world: World): Promise<void> {
  if ((await ask(world.options, 'sync.get', {})).phase === 'running' && copies(world).length === 2) return;
  await placed(world);
  const made = await ask(world.options, 'sync.create', { deviceName: 'Here', passphrase: null });
  if (made.kind !== 'created') throw new Error(`created: ${JSON.stringify(made)}`);
}

/** At the nth request from now on. */
function requests({ dav }: World): (nth: number) => boolean {
  const from = dav.asked.length;
  return (nth) => dav.asked.length >= from + nth;
}

const syncGrant = (look: Look) =>
  look.stores.fences.find(({ capability, live }) => capability === 'cloud-sync' && live);
const goesOn = (look: Look): Acknowledged[] => {
  const grantId = syncGrant(look)?.grantId;
  return grantId === undefined ? [] : [{ kind: 'syncing', grantId: String(grantId) }];
};

/** Unless the grant is over: the browser may have lost its permission in the crash. */
async function isRunning({ options }: World): Promise<string[]> {
  const fences = await rawRows(options, 'fences');
  if (!fences.some(({ capability, live }) => capability === 'cloud-sync' && live)) return [];
  return within(
    15_000,
    'synchronization goes on',
    async () => (await ask(options, 'sync.get', {})).phase === 'running',
  );
}

const syncing: Step[] = [
  {
    name: 'beginning to sync',
    asksServer: true,
    ready: placed,
    async begin(world, before) {
      const at = requests(world);
      const answer = await begin(world.options, 'sync.create', { deviceName: 'Here', passphrase: null });
      const begun = { created: false };
      return {
        answered: told(world, answer, ({ kind }) => {
          begun.created = kind === 'created';
          return begun.created ? goesOn(before) : [];
        }),
        asked: at,
        after: async (now) => (begun.created ? isRunning(now) : []),
      };
    },
  },
  {
    name: 'syncing',
    asksServer: true,
    ready: synchronized,
    async begin(world, before) {
      const host = `${world.label}.sync.example`;
      const change = { kind: 'add', to: 'block', host } as const;
      await ask(world.options, 'protection.change', { change });
      world.told.push({ kind: 'listed', list: 'block', host });
      const at = requests(world);
      const answer = await begin(world.options, 'sync.now', {});
      return {
        answered: told(world, answer, ({ kind }) => (kind === 'synced' ? goesOn(before) : [])),
        asked: at,
        after: isRunning,
      };
    },
  },
  {
    name: 'deleting the remote copy',
    asksServer: true,
    ready: synchronized,
    async begin(world, before) {
      const at = requests(world);
      const answer = await begin(world.options, 'sync.revoke', { scope: SYNC, remote: 'delete' });
      const begun = { deleted: false };
      return {
        answered: told(world, answer, ({ revoked, remote }) => {
          begun.deleted = remote.kind === 'deleted';
          return revoked.kind === 'revoked' ? [entry(before, 'revoked', 'cloud-sync', SYNC)] : [];
        }),
        asked: at,
        async after(now) {
          const kept = copies(now);
          if (begun.deleted) return kept.length === 0 ? [] : [`deleted, and still there: ${kept}`];
          const over = (await rawRows(now.options, 'ledger')).some(
            (row) => Number(row.seq) > entriesOf(before).length && row.kind === 'revoked' && row.scope === SYNC,
          );
          // Once the grant is over, what was to be deleted is deleted, or still on record as to be.
          const ended = await noErasure(now);
          return over && ended === 'done' && copies(now).length > 0 ? ['the deletion was forgotten'] : [];
        },
      };
    },
  },
];

export const steps: readonly Step[] = [...asking, ...ending, ...rest, ...syncing];
