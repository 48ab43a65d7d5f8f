/** What Cloudopt does while nobody does anything: requests after the install, and memory after a minute. */

import { serial } from '../../utils/platform/serial';
import type { Driven } from '../browser/cloudopt';
import { type BrowserName, type LaunchOptions, pause } from '../browser/driver/driver';
import { launchers } from '../browser/driver/launchers';
import { type RecordingProxy, start as startProxy } from '../servers/proxy';
import { inFirefox, type Setting, times } from './setting';
import { median } from './table';

const REQUESTS_MS = 2 * 60_000;
const MEMORY_MS = 60_000;
const MIB = 1024 * 1024;

/** Browsers idle side by side, but none of them is in a hurry to start. */
const inTurn = serial();
/** The bare driver: `launch` waits for Cloudopt's first page, which an empty extension never opens. */
const launchInTurn = (name: BrowserName, options: LaunchOptions) => inTurn(() => launchers[name](options));

/** Where a fresh browser goes through a proxy in two minutes. */
async function destinations(name: BrowserName, extensionDir: string, forMs: number): Promise<string[]> {
  const proxy: RecordingProxy = await startProxy();
  try {
    const browser = await launchInTurn(name, { extensionDir, proxy: { host: '127.0.0.1', port: proxy.port } });
    await pause(forMs);
    const seen = proxy.seen.map(({ host, port }) => `${host}:${port}`);
    // Nothing seen says something only where all goes through the proxy.
    await browser.open('http://control.example/').catch(() => undefined);
    const works = proxy.seen.some(({ host }) => host === 'control.example');
    await browser.close();
    if (!works) throw new Error('the proxy is not used');
    return seen;
  } finally {
    await proxy.stop();
  }
}

export async function measureRequests(name: BrowserName, setting: Setting): Promise<void> {
  const { dir, emptyDir } = setting.builds.of(name);
  const forMs = times(setting, REQUESTS_MS, 10_000);
  const [cloudopt, empty] = await Promise.all([destinations(name, dir, forMs), destinations(name, emptyDir, forMs)]);
  // What the same browser asks for with an empty extension is its own.
  const own = new Set(empty);
  const foreign = cloudopt.filter((place) => !own.has(place));
  setting.say({
    what: `requests in the first ${Math.round(forMs / 1000)} seconds after install, untouched`,
    where: name,
    value: foreign.length,
    unit: '',
    target: { atMost: 0 },
    note: `${foreign.length > 0 ? `${[...new Set(foreign)].join(', ')}; ` : ''}${cloudopt.length - foreign.length} of the browser's own`,
  });
}

declare const ChromeUtils: {
  requestProcInfo(): Promise<{ children: { readonly type: string; readonly memory: number }[] }>;
};

/** MiB that only the extension process holds, after a minute in which nobody did anything. */
async function memoryOf(extensionDir: string, forMs: number, closeWelcome: boolean): Promise<number> {
  const browser: Driven = await launchInTurn('firefox', { extensionDir });
  try {
    const beganMs = Date.now();
    if (closeWelcome) await (await browser.waitForPage('welcome.html')).close();
    await pause(forMs - (Date.now() - beganMs));
    const bytes = await inFirefox(browser, async () => {
      const { children } = await ChromeUtils.requestProcInfo();
      return children.filter(({ type }) => type === 'extension').map(({ memory }) => memory);
    });
    if (bytes.length !== 1) throw new Error(`${bytes.length} extension processes`);
    return (bytes[0] ?? Number.NaN) / MIB;
  } finally {
    await browser.close();
  }
}

export async function measureMemory(setting: Setting): Promise<void> {
  const { dir, emptyDir } = setting.builds.of('firefox');
  const forMs = times(setting, MEMORY_MS, 5000);
  const rounds = 3;
  // A minute each, so they stand idle side by side: each round begins when the one before it is half over.
  const all = await Promise.all(
    Array.from({ length: rounds }, async (_, round) => {
      await pause((round * forMs) / 2);
      const [empty, closed, installed] = await Promise.all([
        memoryOf(emptyDir, forMs, false),
        memoryOf(dir, forMs, true),
        memoryOf(dir, forMs, false),
      ]);
      return { empty, closed, installed };
    }),
  );
  const empty = all.map((round) => round.empty);
  const figure = (what: string, values: readonly number[]) =>
    setting.say({
      what,
      where: 'firefox',
      value: median(values.map((value, round) => value - (empty[round] ?? Number.NaN))),
      unit: 'MiB',
      digits: 1,
      target: { atMost: 8 },
      note: `${rounds} rounds of ${forMs / 1000} s: ${median(values).toFixed(1)} against ${median(empty).toFixed(1)} MiB`,
    });
  figure(
    'extension process above an empty one, welcome page closed',
    all.map((round) => round.closed),
  );
  figure(
    'extension process above an empty one, as installed (welcome page open)',
    all.map((round) => round.installed),
  );
}
