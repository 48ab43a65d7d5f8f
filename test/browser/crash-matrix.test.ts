/**
 * The crash matrix: SIGKILL of the whole browser, and death of its background, at every step of asking, granting, writing, revoking,
 * expiring, erasing, migrating and syncing. After each an independent checker looks at the database raw (ledger-check.ts).
 * `CRASH_RUNS`: how many of them; `CRASH_MINUTES`: none begins after so long; `CRASH_SEED`: from which seed, printed, so that they can be
 * had again; `CRASH_TELLS`: each is told; `CRASH_STEP`: only steps with this in their name.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FaultyDav, startFaultyDav } from '../servers/faulty-dav';
import { type Certificates, makeCertificates } from '../servers/tls';
import { start, type WebServer } from '../servers/web';
import { ask, type Driven, grant, launch, type Page, wantedBrowsers } from './cloudopt';
import { type Begun, BROAD, type Death, type Step, steps, type World } from './crash-steps';
import { Dice } from './dice';
import { type BrowserName, pause, until, untilCalm } from './driver/driver';
import { killTree } from './driver/profile';
import { type Display, startXvfb } from './driver/xvfb';
import { type Acknowledged, aboutHeld, disagreements, look, missing } from './ledger-check';

const SEED = Number(process.env.CRASH_SEED ?? Math.trunc(Math.random() * 2 ** 31));
const RUNS = Number(process.env.CRASH_RUNS ?? 3);
const MINUTES = Number(process.env.CRASH_MINUTES ?? 30);
const STEP = process.env.CRASH_STEP ?? '';
/** Runs that a profile lives through. */
const RUNS_A_PROFILE = 40;
/** How long an answer is waited for where the death comes after it. */
const ANSWER_MS = 20_000;
/** How long the browser may take to let go of what nothing explains. */
const LET_GO_MS = 15_000;

/** When it dies: so long after the step has begun, at the nth request to the server, or once it is answered. */
type Moment = { kind: 'after'; ms: number } | { kind: 'request'; nth: number } | { kind: 'answered' };

interface Plan {
  readonly seed: number;
  readonly step: Step;
  readonly death: Death;
  readonly moment: Moment;
  /** Milliseconds from the next start to a second death; `null`: only one. */
  readonly againMs: number | null;
}

/**
 * Deaths that found something, in the order in which they did: a running synchronization was forgotten by an erasure of all records;
 * a deletion whose server the browser no longer let us reach called it offline, and stayed for good.
 */
function* found(): Generator<Plan> {
  const step = (name: string): Step => {
    const one = steps.find((each) => each.name === name);
    if (!one) throw new Error(`no step ${name}`);
    return one;
  };
  const answered = { moment: { kind: 'answered' }, againMs: null } as const;
  const deleting = { step: step('deleting the remote copy'), againMs: null };
  yield { seed: 1, step: step('syncing'), death: 'worker', ...answered };
  yield { seed: 1902542202, step: step('erasing records'), death: 'worker', ...answered };
  yield { seed: 2, ...deleting, death: 'worker', moment: { kind: 'answered' } };
  yield { seed: 1338266330, ...deleting, death: 'browser', moment: { kind: 'request', nth: 4 } };
}

/** Every step with every death once, in an order of the seed's, then again. */
function* plansOf(seed: number): Generator<Plan, never> {
  const order = new Dice(seed);
  const deaths: readonly Death[] = ['browser', 'worker'];
  const wanted = steps.filter(({ name }) => name.includes(STEP));
  const pairs = wanted.flatMap((step) => deaths.map((death) => ({ step, death })));
  for (;;) {
    for (const { step, death } of order.shuffled(pairs)) {
      const own = order.below(2 ** 31);
      const dice = new Dice(own);
      const kind = dice.pick(['after', 'after', step.asksServer ? 'request' : 'after', 'answered'] as const);
      const ms = dice.below(dice.pick([8, 40, 120, 400]));
      const moment: Moment =
        kind === 'after' ? { kind, ms } : kind === 'request' ? { kind, nth: 1 + dice.below(5) } : { kind };
      const again = death === 'browser' && dice.chance(step.inStart ? 0.7 : 0.15);
      yield { seed: own, step, death, moment, againMs: again ? 150 + dice.below(2500) : null };
    }
  }
}

const wordsOf = ({ seed, step, death, moment, againMs }: Plan): string => {
  const when =
    moment.kind === 'after'
      ? `${moment.ms} ms after it began`
      : moment.kind === 'request'
        ? `at request ${moment.nth}`
        : 'once it was answered';
  return `${step.name}: death of the ${death} ${when}${againMs === null ? '' : `, again ${againMs} ms into the start`} (${seed})`;
};

let web: WebServer;
let tls: Certificates;
let dav: FaultyDav;
/** One for all starts: an X server of its own for each would take longer than some of them. */
let display: Display;
beforeAll(async () => {
  web = await start();
  tls = makeCertificates(['localhost', 'dav.example']);
  dav = await startFaultyDav(tls);
  display = await startXvfb();
});
afterAll(async () => {
  await web.stop();
  await dav.stop();
  await display.stop();
  tls.dispose();
});

/** One profile and its browser, over many deaths. */
class Life {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-profile-'));
  readonly #told: Acknowledged[] = [];
  #browser: Driven | undefined;
  #options: Page | undefined;
  #labels = 0;

  constructor(private readonly name: BrowserName) {}

  #launch(): Promise<Driven> {
    return launch(this.name, {
      profile: this.#folder,
      persistent: true,
      display: display.name,
      trust: { caPem: tls.caPem, cert: tls.cert },
    });
  }

  /** The profile's first day, closed as usual: what it holds then is on disk. */
  async begin(): Promise<void> {
    dav.files.clear();
    dav.files.set('/', '');
    this.#browser = await this.#launch();
    await grant(this.#browser, await this.#browser.open('options.html'), 'site-insight', { scope: BROAD });
    await this.#browser.close();
    await this.#start();
  }

  async #start(): Promise<void> {
    this.#browser = await this.#launch();
    this.#options = await this.#browser.open('options.html');
  }

  async end(): Promise<void> {
    await this.#browser?.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #world({ seed, death }: Plan): World {
    if (!this.#browser || !this.#options) throw new Error('no browser is running');
    return {
      browser: this.#browser,
      options: this.#options,
      web,
      dav,
      davUrl: dav.url.replace('localhost', 'dav.example'),
      dice: new Dice(seed),
      death,
      label: `n${this.#labels}`,
      told: this.#told,
    };
  }

  /** @returns what does not hold after it, in words. */
  async run(plan: Plan): Promise<string[]> {
    const { step, death, moment } = plan;
    this.#labels += 1;
    const world = this.#world(plan);
    await step.ready?.(world);
    const before = await look(world.options);
    const begun = await step.begin(world, before);
    await reached(begun, moment);
    if (death === 'browser') {
      await world.browser.kill();
      if (plan.againMs !== null) await this.#dieInStart(plan.againMs);
      await this.#start();
    } else {
      await world.browser.killBackground();
      await begun.goOn?.();
    }
    const now = this.#world(plan);
    // Whoever asks wakes the background; a message to one that is just dying is lost.
    await untilCalm(() => ask(now.options, 'state.get', {}), 'the background answers');
    if (death === 'worker') await begun.answered();
    const later = await look(now.options);
    const found = [...disagreements(later), ...missing(before, later, this.#told, begun.mayGo)];
    found.push(...((await begun.after?.(now, death)) ?? []));
    await until(async () => aboutHeld(await look(now.options)).length === 0, 'let go', LET_GO_MS).catch(async () => {
      found.push(...aboutHeld(await look(now.options)));
    });
    if (death === 'worker') {
      for (const page of await now.browser.pages()) if (page !== now.options) await page.close();
    }
    return found;
  }

  async #dieInStart(afterMs: number): Promise<void> {
    const started = this.#launch().then(
      (browser) => browser.kill(),
      // It died before it was up: so it was meant.
      () => undefined,
    );
    await pause(afterMs);
    await killTree(this.#folder);
    await started;
  }
}

/** Resolves at the moment of death. */
async function reached(begun: Begun, moment: Moment): Promise<void> {
  if (moment.kind === 'after') return pause(moment.ms);
  const endMs = Date.now() + (begun.neverAnswers ? 0 : ANSWER_MS);
  const nth = moment.kind === 'request' ? moment.nth : Number.POSITIVE_INFINITY;
  while (!begun.asked?.(nth) && Date.now() < endMs && !(await begun.answered())) await pause(1);
}

describe.each(wantedBrowsers())('deaths of %s', (name) => {
  test(
    `those that found something, and ${RUNS} from CRASH_SEED=${SEED}: the next start agrees with itself, and nothing acknowledged is missing`,
    async () => {
      console.log(`CRASH_SEED=${SEED}`);
      const endMs = Date.now() + MINUTES * 60_000;
      const failures: string[] = [];
      const deaths = { browser: 0, worker: 0 };
      let life: Life | undefined;
      let lived = 0;
      const plans = [...found()];
      const known = plans.length;
      const random = plansOf(SEED);
      while (plans.length < known + RUNS) plans.push(random.next().value);
      for (const [n, plan] of plans.entries()) {
        if (Date.now() > endMs) break;
        if (lived === RUNS_A_PROFILE) {
          await life?.end();
          life = undefined;
        }
        if (!life) {
          life = new Life(name);
          lived = 0;
          await life.begin();
        }
        const beganMs = Date.now();
        const wrong = await life.run(plan).catch((error: unknown) => [String(error)]);
        lived += 1;
        deaths[plan.death] += 1 + (plan.againMs === null ? 0 : 1);
        if (process.env.CRASH_TELLS) console.log(`${n}, ${Date.now() - beganMs} ms: ${wordsOf(plan)}`);
        if (wrong.length === 0) continue;
        failures.push(`run ${n}, ${wordsOf(plan)}: ${wrong.join('; ')}`);
        console.error(failures.at(-1));
        // What is wrong would be found again after each of the following runs.
        await life.end();
        life = undefined;
      }
      await life?.end();
      console.log(`${name}: ${deaths.browser} deaths of the browser, ${deaths.worker} of its background`);
      expect(failures).toEqual([]);
    },
    MINUTES * 60_000 + 240_000,
  );
});
