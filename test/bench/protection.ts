/** What protection does and costs once it is allowed: verdicts, the time until it works, and page loads. */
import { ask, type Driven, grant, launch, type Page, until } from '../browser/cloudopt';
import type { BrowserName } from '../browser/driver/driver';
import { launchers } from '../browser/driver/launchers';
import { start as startWeb, type WebServer } from '../servers/web';
import { measureParity } from '../tools/rulesets/parity';
import { listNames } from '../tools/rulesets/select';
import { load } from './loading';
import { finePrefs, type Setting, times } from './setting';
import { median } from './table';
import { withUblockOrigin } from './ublock-origin';

/** A host of the lists; every name leads to the loopback here. */
const AD = 'adnxs.com';
const args = ['--host-resolver-rules=MAP * 127.0.0.1'];
const PARITY_REQUESTS = 10_500;
const RUNS = 7;

const inPage = { prefs: finePrefs, args };

interface Api {
  readonly chrome: {
    permissions: { onAdded: { addListener(heard: () => void): void } };
    declarativeNetRequest: { getEnabledRulesets(): Promise<string[]> };
  };
}

export async function measureVerdicts(setting: Setting): Promise<void> {
  const all = await measureParity(times(setting, PARITY_REQUESTS, 1_000));
  const sum = (key: 'requests' | 'matched' | 'differ' | 'narrower' | 'wider') =>
    all.reduce((total, one) => total + one[key], 0);
  const note = `${sum('requests').toLocaleString('en')} requests around the lists' own rules, ${sum('matched').toLocaleString('en')} matched, asked by testMatchOutcome`;
  const base = { where: 'chromium', unit: '', target: { atMost: 0 } } as const;
  setting.say({ ...base, what: 'verdicts that the exact compaction changes', value: sum('differ'), note });
  setting.say({
    ...base,
    what: 'requests that what ships stops and the raw lists do not',
    value: sum('wider'),
    note: `${sum('narrower')} the other way round: names of hosts in the midst of an address`,
  });
}

async function protectedBrowser(name: BrowserName, extensionDir: string): Promise<Driven> {
  const browser = await launch(name, { extensionDir, ...inPage });
  const page = await browser.open('options.html');
  await grant(browser, page, 'protection');
  await until(async () => (await ask(page, 'protection.get', {})).missing.length === 0, 'the lists are on');
  return browser;
}

/** From the browser's yes to all lists being on, and to the first request that is stopped. */
async function timesOfEnabling(name: BrowserName, extensionDir: string, web: WebServer) {
  const browser = await launch(name, { extensionDir, ...inPage });
  try {
    const ours = await browser.open('options.html');
    await ours.evaluate((lists: number) => {
      const { chrome } = globalThis as unknown as Api;
      // In the document, which a later look finds in either browser.
      const seen = document.documentElement.dataset;
      chrome.permissions.onAdded.addListener(() => {
        seen.granted ??= String(Date.now());
      });
      const look = async () => {
        const enabled = await chrome.declarativeNetRequest.getEnabledRulesets();
        if (enabled.length === lists) seen.on ??= String(Date.now());
        else setTimeout(look, 5);
      };
      void look();
    }, listNames.length);
    const site = await browser.open(web.url('shop.example', '/plain'));
    await site.evaluate((url: string) => {
      const seen = document.documentElement.dataset;
      const look = () => {
        fetch(url, { mode: 'no-cors' }).then(
          () => setTimeout(look, 10),
          () => {
            seen.stopped ??= String(Date.now());
          },
        );
      };
      look();
    }, `http://${AD}:${web.port}/p.gif`);
    await grant(browser, ours, 'protection');
    const seenIn = (page: Page, what: string) =>
      page.until((key: string) => Number(document.documentElement.dataset[key] ?? 0), what, 30_000, what);
    const granted = await seenIn(ours, 'granted');
    return { onMs: (await seenIn(ours, 'on')) - granted, stoppedMs: (await seenIn(site, 'stopped')) - granted };
  } finally {
    await browser.close();
  }
}

export async function measureEnabling(name: BrowserName, setting: Setting): Promise<void> {
  const web = await startWeb();
  try {
    const rounds = times(setting, 3);
    const all: Awaited<ReturnType<typeof timesOfEnabling>>[] = [];
    for (let round = 0; round < rounds; round += 1) {
      all.push(await timesOfEnabling(name, setting.builds.of(name).dir, web));
    }
    const base = { where: name, unit: 'ms', note: `fresh profiles: ${rounds}` } as const;
    const value = (key: 'onMs' | 'stoppedMs') => median(all.map((one) => one[key]));
    setting.say({ ...base, what: 'protection: from the browser’s yes to all four lists on', value: value('onMs') });
    setting.say({
      ...base,
      what: 'protection: from the browser’s yes to the first stopped request',
      value: value('stoppedMs'),
    });
  } finally {
    await web.stop();
  }
}

interface Rival {
  readonly name: string;
  readonly page: Page;
}

/** Loads a page in each browser in turns; medians, by name. */
async function medians(rivals: readonly Rival[], url: string, runs: number): Promise<Map<string, number>> {
  const measured = new Map<string, number[]>(rivals.map(({ name }) => [name, []]));
  // The first run warms up.
  for (let run = -1; run < runs; run += 1) {
    for (const { name, page } of run % 2 === 0 ? rivals : rivals.toReversed()) {
      const ms = await load(page, url);
      if (run >= 0) measured.get(name)?.push(ms);
    }
  }
  return new Map([...measured].map(([name, all]) => [name, median(all)]));
}

/** Nothing on these pages is blocked: what is measured is what looking costs. */
async function compare(name: BrowserName, rivals: readonly Rival[], web: WebServer, setting: Setting, how: string) {
  const parties = Array.from({ length: 10 }, (_, index) => `p${index}.example`).join();
  const pages = [
    ['a script and an image', '/?parties=p0.example&each=1'],
    ['150 scripts and as many images', `/?parties=${parties}&each=15`],
  ] as const;
  const runs = times(setting, RUNS * 3, 5);
  for (const [what, path] of pages) {
    const all = await medians(rivals, web.url('shop.example', path), runs);
    const ours = all.get('ours') ?? Number.NaN;
    const ms = [...all].map(([who, value]) => `${who} ${value.toFixed(0)} ms`).join(', ');
    for (const [who, value] of all) {
      if (who === 'ours') continue;
      const target = who === 'uBlock Origin' ? { atMost: 1 } : name === 'chromium' ? { about: 1 } : undefined;
      setting.say({
        what: `page load with protection / with ${who === 'none' ? 'no extension' : who}: ${what}`,
        where: name,
        value: ours / value,
        unit: '',
        digits: 2,
        ...(target ? { target } : {}),
        note: `medians of ${runs} in turns: ${ms}; none of it on a list${how}`,
      });
    }
  }
}

export async function measureProtectedLoading(name: BrowserName, setting: Setting): Promise<void> {
  const { dir, emptyDir } = setting.builds.of(name);
  const web = await startWeb();
  const open: Driven[] = [];
  const started = async (starting: Promise<Driven>): Promise<Driven> => {
    const browser = await starting;
    open.push(browser);
    return browser;
  };
  try {
    const ours = await started(protectedBrowser(name, dir));
    const none = await started(launchers[name]({ extensionDir: emptyDir, ...inPage }));
    await none.setExtensionEnabled(false);
    const first = web.url('shop.example', '/plain');
    const rivals: Rival[] = [
      { name: 'ours', page: await ours.open(first) },
      { name: 'none', page: await none.open(first) },
    ];
    if (name === 'chromium') return await compare(name, rivals, web, setting, '');
    await withUblockOrigin(async (extensionDir, version) => {
      const theirs = await started(launchers[name]({ extensionDir, ...inPage }));
      const page = await theirs.open(first);
      // It reads its lists after its start.
      const stopsAds = async () => {
        const from = web.requests.length;
        await page.goto(web.url('news.example', `/?parties=${AD}`));
        return !web.requests.slice(from).some(({ host }) => host === AD);
      };
      await until(stopsAds, 'uBlock Origin works');
      rivals.push({ name: 'uBlock Origin', page });
      await compare(
        name,
        rivals,
        web,
        setting,
        `; uBlock Origin ${version} from Debian’s package, with the lists in it, the id replaced`,
      );
    });
  } finally {
    for (const browser of open) await browser.close();
    await web.stop();
  }
}
