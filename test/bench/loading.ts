/** What Cloudopt costs a page while nothing is granted. */

import { type Driven, launch, type Page } from '../browser/cloudopt';
import type { BrowserName } from '../browser/driver/driver';
import { launchers } from '../browser/driver/launchers';
import { start as startWeb } from '../servers/web';
import { finePrefs, type Setting, times } from './setting';
import { median } from './table';

const PARTIES = 10;
const SCRIPTS_EACH = 15;
const RUNS = 5;

/** Milliseconds from the start of the navigation to the end of the page's load event. */
export async function load(page: Page, url: string): Promise<number> {
  await page.goto(url);
  return page.until(() => {
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    return navigation?.loadEventEnd ?? 0;
  }, 'page loaded');
}

export async function measureLoading(name: BrowserName, setting: Setting): Promise<void> {
  const { dir, emptyDir } = setting.builds.of(name);
  const web = await startWeb();
  const open: Driven[] = [];
  try {
    const cloudopt = await launch(name, { extensionDir: dir, prefs: finePrefs });
    open.push(cloudopt);
    // The driver starts no browser without an extension; a disabled one is not there for any page.
    const none = await launchers[name]({ extensionDir: emptyDir, prefs: finePrefs });
    open.push(none);
    await none.setExtensionEnabled(false);

    const parties = Array.from({ length: PARTIES }, (_, index) => `p${index}.example`).join();
    const url = web.url('shop.example', `/?parties=${parties}&each=${SCRIPTS_EACH}`);
    const [ours, theirs] = [await cloudopt.open(url), await none.open(url)];
    const each = times(setting, 5, 4);
    const ratios: number[] = [];
    const oursMs: number[] = [];
    const theirsMs: number[] = [];
    // The first run warms both up.
    for (let run = -1; run < RUNS; run += 1) {
      const mine: number[] = [];
      const other: number[] = [];
      for (let turn = 0; turn < each; turn += 1) {
        const pair = [
          async () => mine.push(await load(ours, url)),
          async () => other.push(await load(theirs, url)),
        ] as const;
        for (const one of turn % 2 === 0 ? pair : pair.toReversed()) await one();
      }
      if (run < 0) continue;
      ratios.push(median(mine) / median(other));
      oursMs.push(median(mine));
      theirsMs.push(median(other));
    }
    setting.say({
      what: 'page load with nothing granted / with no extension',
      where: name,
      value: median(ratios),
      unit: '',
      digits: 2,
      target: { about: 1 },
      note: `${RUNS} runs of ${each} pairs, ${PARTIES * SCRIPTS_EACH} scripts and as many images; ${median(oursMs).toFixed(0)} / ${median(theirsMs).toFixed(0)} ms; runs ${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}; 'no extension' is an empty one, disabled`,
    });
  } finally {
    for (const browser of open) await browser.close();
    await web.stop();
  }
}
