/** Cloud Synchronization of 1,000 settings: a cycle, the first join, and what is sealed, through lighttpd on this machine. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ask, type Driven, grant, type Page } from '../browser/cloudopt';
import type { BrowserName } from '../browser/driver/driver';
import { type DavServer, startDav } from '../servers/dav';
import { type Tap, tap } from '../servers/tap';
import { type Certificates, makeCertificates } from '../servers/tls';
import { inHarness, type Setting, times, withBuild, withHarness } from './setting';
import { median, percentile } from './table';

const SETTINGS = 1000;
/** The badge and four lists, which everybody has. */
const OTHERS = 5;
const HOST = 'dav.example';
const SCOPE = `https://${HOST}/*`;
const KB = 1024;

/** As many hosts as people's lists could hold: real ones. */
function realHosts(dir: string): readonly string[] {
  const { malicious } = JSON.parse(readFileSync(path.join(dir, 'rulesets/hosts.json'), 'utf8')) as {
    malicious: readonly string[];
  };
  const step = Math.floor(malicious.length / SETTINGS);
  const hosts = malicious.filter((_, index) => index % step === 0).slice(0, SETTINGS - OTHERS);
  if (hosts.length !== SETTINGS - OTHERS) throw new Error(`only ${hosts.length} hosts`);
  return hosts;
}

async function takeSettings(page: Page, hosts: readonly string[]): Promise<void> {
  const settings = Object.fromEntries(hosts.map((host, n) => [`protection.host/${host}`, n % 2 ? 'allow' : 'block']));
  const text = JSON.stringify({ format: 'cloudopt-settings', version: 1, exportedAtMs: Date.now(), settings });
  const taken = await ask(page, 'settings.import', { text, how: 'take' });
  if (taken.kind !== 'taken' || taken.changes !== hosts.length) throw new Error(JSON.stringify(taken));
}

/** Asks from the page, and tells how long the answer took. */
async function timed(page: Page, name: string, input: object): Promise<{ ms: number; answer: { kind: string } }> {
  return await page.evaluate(
    async (message: object) => {
      const began = performance.now();
      const { runtime } = (
        globalThis as unknown as { chrome: { runtime: { sendMessage(one: object): Promise<unknown> } } }
      ).chrome;
      const { answer } = (await runtime.sendMessage(message)) as { answer: { kind: string } };
      return { ms: performance.now() - began, answer };
    },
    { name, input },
  );
}

function expectKind(answer: { kind: string }, kind: string): void {
  if (answer.kind !== kind) throw new Error(JSON.stringify(answer));
}

interface At {
  readonly way: Tap;
  readonly server: { url: string; user: string; password: string };
}

async function begin(browser: Driven, page: Page, server: At['server'] | null): Promise<string> {
  await grant(browser, page, 'cloud-sync', server ? { scope: SCOPE } : {});
  expectKind(await ask(page, 'sync.look', { server }), 'empty');
  const made = await ask(page, 'sync.create', { deviceName: 'First', passphrase: null });
  if (made.kind !== 'created') throw new Error(JSON.stringify(made));
  expectKind(await ask(page, 'sync.now', {}), 'synced');
  return made.passphrase;
}

async function measureCycles(page: Page, { way }: At, name: BrowserName, setting: Setting): Promise<void> {
  const cycles: { ms: number; up: number; down: number }[] = [];
  for (let n = 0; n < times(setting, 25, 5); n += 1) {
    await ask(page, 'protection.change', { change: { kind: 'badge', on: n % 2 === 1 } });
    way.seen.length = 0;
    const { ms, answer } = await timed(page, 'sync.now', {});
    expectKind(answer, 'synced');
    const put = way.seen.findIndex(({ method }) => method === 'PUT');
    // A cycle of its own accord, after an earlier change, may have been in front.
    const [before, sent, after] = way.seen.slice(put - 1, put + 2);
    if (put < 1 || !before || !sent || !after) continue;
    cycles.push({ ms, up: sent.bytesUp, down: before.bytesDown + after.bytesDown });
  }
  setting.say({
    what: 'sync: a cycle of 1,000 settings with 1 change, median',
    where: name,
    value: median(cycles.map(({ ms }) => ms)),
    unit: 'ms',
    note: `${cycles.length} cycles: read, write, and read back after a pause of 150 to 450 ms; p95 ${percentile(
      cycles.map(({ ms }) => ms),
      0.95,
    ).toFixed(0)} ms`,
  });
  const up = median(cycles.map(({ up }) => up));
  setting.say({ what: 'sync: bytes of that, up', where: name, value: up, unit: 'bytes' });
  setting.say({
    what: 'sync: bytes of that, down',
    where: name,
    value: median(cycles.map(({ down }) => down)),
    unit: 'bytes',
  });
  setting.say({
    what: 'sync: document of 1,000 settings on WebDAV',
    where: name,
    value: up / KB,
    unit: 'KB',
    digits: 1,
    target: { atMost: 128 },
  });
}

async function measureJoins(
  name: BrowserName,
  dir: string,
  options: object,
  { server }: At,
  passphrase: string,
  setting: Setting,
): Promise<void> {
  const opening: number[] = [];
  const joining: number[] = [];
  for (let n = 0; n < times(setting, 3); n += 1) {
    await withBuild(
      name,
      dir,
      async (browser) => {
        const page = await browser.open('options.html#sync');
        await grant(browser, page, 'cloud-sync', { scope: SCOPE });
        expectKind(await ask(page, 'sync.look', { server }), 'vault');
        const opened = await timed(page, 'sync.open', { secret: { passphrase }, deviceName: `Joins ${n}` });
        expectKind(opened.answer, 'opened');
        const joined = await timed(page, 'sync.join', { how: 'merge' });
        expectKind(joined.answer, 'joined');
        opening.push(opened.ms);
        joining.push(joined.ms);
      },
      options,
    );
  }
  const note = `${opening.length} fresh profiles`;
  setting.say({
    what: 'sync: first join, the passphrase → what would change, median',
    where: name,
    value: median(opening),
    unit: 'ms',
    note: `${note}; 210,000 iterations for the passphrase among it`,
  });
  setting.say({
    what: "sync: first join, 'merge' → 1,000 settings stand and are read back, median",
    where: name,
    value: median(joining),
    unit: 'ms',
    note,
  });
}

/** What the document takes in the browser's own sync: keys and values as its quota counts them. */
async function measureOwnSync(
  name: BrowserName,
  dir: string,
  hosts: readonly string[],
  setting: Setting,
): Promise<void> {
  await withBuild(name, dir, async (browser) => {
    const page = await browser.open('options.html#sync');
    await takeSettings(page, hosts);
    await begin(browser, page, null);
    const bytes = await page.evaluate(async () => {
      const { storage } = (
        globalThis as unknown as {
          chrome: { storage: { sync: { get(keys: null): Promise<Record<string, unknown>> } } };
        }
      ).chrome;
      const items = Object.entries(await storage.sync.get(null)).filter(([key]) => key.startsWith('cloudopt/settings'));
      return items.reduce((sum, [key, value]) => sum + key.length + JSON.stringify(value).length, 0);
    });
    if (bytes === 0) throw new Error('nothing lies in the browser’s own sync');
    setting.say({
      what: 'sync: document of 1,000 settings in the browser’s own sync',
      where: name,
      value: bytes / KB,
      unit: 'KB',
      digits: 1,
      target: { atMost: 64 },
    });
  });
}

async function measureEnvelope(name: BrowserName, hosts: readonly string[], setting: Setting): Promise<void> {
  await withHarness(name, setting, async (page) => {
    const found = await inHarness(page, 'envelope', hosts, times(setting, 50, 10), times(setting, 5, 2));
    const parts = [
      ['document of 1,000 settings sealed', found.sealMs],
      ['document of 1,000 settings opened', found.openMs],
      ['file of keys sealed under a passphrase', found.sealKeysMs],
      ['file of keys opened by the passphrase', found.openKeysMs],
    ] as const;
    for (const [what, ms] of parts) {
      setting.say({
        what: `sync: ${what}, median`,
        where: name,
        value: median(ms),
        unit: 'ms',
        digits: 1,
        note: `${ms.length} times`,
      });
    }
    setting.say({
      what: 'sync: document of 1,000 settings by four devices, each changed at another time, sealed',
      where: name,
      value: found.sealedBytes / KB,
      unit: 'KB',
      digits: 1,
      target: { atMost: 64 },
      note: `${(found.plainBytes / KB).toFixed(1)} KB before`,
    });
  });
}

async function withServer(task: (tls: Certificates, dav: DavServer, way: Tap) => Promise<void>): Promise<void> {
  const tls = makeCertificates(['localhost', HOST]);
  const dav = await startDav('lighttpd', { tls, host: HOST });
  const way = await tap(dav, tls);
  try {
    await task(tls, dav, way);
  } finally {
    await way.stop();
    await dav.stop();
    tls.dispose();
  }
}

export async function measureSync(name: BrowserName, setting: Setting): Promise<void> {
  const { dir } = setting.builds.of(name);
  const hosts = realHosts(dir);
  await withServer(async (tls, dav, way) => {
    const options = { trust: { caPem: tls.caPem, cert: tls.cert } };
    const at = { way, server: { url: way.url, user: dav.user, password: dav.password } };
    let passphrase = '';
    await withBuild(
      name,
      dir,
      async (browser) => {
        const page = await browser.open('options.html#sync');
        await takeSettings(page, hosts);
        passphrase = await begin(browser, page, at.server);
        await measureCycles(page, at, name, setting);
      },
      options,
    );
    await measureJoins(name, dir, options, at, passphrase, setting);
  });
  await measureOwnSync(name, dir, hosts, setting);
  await measureEnvelope(name, hosts, setting);
}
