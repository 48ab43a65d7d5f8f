/** From the message of a revocation to its answer, with a page flooding, in the extension as it ships. */
import type { Driven } from '../browser/cloudopt';
import { type BrowserName, firefoxAddonId } from '../browser/driver/driver';
import { floodRun } from '../browser/flood';
import { start as startWeb } from '../servers/web';
import { inFirefox, type Setting, withBuild } from './setting';
import { percentile } from './table';

/** One trial of so many stops the background just before the revocation. */
const KILL_EACH = 10;

declare const WebExtensionPolicy: {
  getByID(id: string): { readonly extension: { terminateBackground(how: object): Promise<void> } } | null;
};

/** What a page of the Chromium driver has besides. */
interface WithSession {
  readonly session: { send(method: string): Promise<unknown> };
}

/** Stops the background once. The driver's own waits until it is seen to rest, which a flood may never let it. */
async function stopOnce(browser: Driven): Promise<void> {
  if (browser.name === 'firefox') {
    const stop = async (id: string): Promise<void> =>
      WebExtensionPolicy.getByID(id)?.extension.terminateBackground({ ignoreDevToolsAttached: true });
    await inFirefox(browser, stop, firefoxAddonId);
    return;
  }
  const [page] = await browser.pages();
  if (page === undefined || !('session' in page)) throw new Error('no page to stop the worker from');
  const { session } = page as typeof page & WithSession;
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
}

/** The same browser, but for how it stops the background. */
function stoppingOnce(browser: Driven): Driven {
  return new Proxy(browser, {
    get(target, name) {
      if (name === 'stopBackground') return () => stopOnce(target);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

export async function measureHalting(name: BrowserName, setting: Setting): Promise<void> {
  const { builds, trials } = setting;
  const web = await startWeb();
  try {
    await withBuild(name, builds.of(name).dir, async (browser) => {
      const run = await floodRun(stoppingOnce(browser), web);
      const warm: number[] = [];
      const woken: number[] = [];
      let late = 0;
      for (let trial = 0; trial < trials; trial += 1) {
        const killBackground = trial % KILL_EACH === KILL_EACH - 1;
        const seen = await run.trial({ killBackground });
        (killBackground ? woken : warm).push(seen.revokeMs);
        late += seen.late;
      }
      setting.say({
        what: 'revoke → everything halted, p95',
        where: name,
        value: percentile(warm, 0.95),
        unit: 'ms',
        target: { atMost: 150 },
        note: `${warm.length} trials, p50 ${percentile(warm, 0.5).toFixed(0)} ms; background stopped before it: p50 ${percentile(woken, 0.5).toFixed(0)} ms`,
      });
      setting.say({
        what: 'records committed after a revocation resolved',
        where: name,
        value: late,
        unit: '',
        target: { atMost: 0 },
        note: `${trials} trials, in ${woken.length} of them the background stopped`,
      });
    });
  } finally {
    await web.stop();
  }
}
