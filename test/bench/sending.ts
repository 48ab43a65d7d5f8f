/** From 'Send once' to the receiver, and from a revocation to nothing in flight, in a build that sends to this machine. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ask, grant, testid, until } from '../browser/cloudopt';
import type { BrowserName } from '../browser/driver/driver';
import { type Receivers, startReceivers } from '../browser/receivers';
import { prepare, revokeWhileSending } from '../browser/sending';
import { endpointEnv } from '../tools/endpoint-builds';
import { type Setting, times, withBuild } from './setting';
import { median, percentile } from './table';

const ID = 'usage-statistics';
/** Fewer than the door lets out within an hour. */
const SENDS = 40;

/** Builds into `folder` what ships, but with endpoints. */
function build(name: BrowserName, folder: string): string {
  const target = name === 'firefox' ? ['-b', 'firefox', '--mv3'] : [];
  const made = spawnSync('npx', ['wxt', 'build', ...target], {
    cwd: path.resolve(import.meta.dirname, '../..'),
    encoding: 'utf8',
    env: { ...process.env, ...endpointEnv, CLOUDOPT_OUT_DIR: folder },
  });
  if (made.status !== 0) throw new Error(`no build for ${name}: ${made.stdout}${made.stderr}`);
  return path.join(folder, name === 'chromium' ? 'chrome-mv3' : 'firefox-mv3');
}

async function measureSends(
  name: BrowserName,
  dir: string,
  { statistics }: Receivers,
  setting: Setting,
  trust: object,
) {
  await withBuild(
    name,
    dir,
    async (browser) => {
      const page = await browser.open('options.html#diagnostics');
      await grant(browser, page, ID);
      const arriving: number[] = [];
      const bytes: number[] = [];
      const once = `${testid(`report-${ID}`)} ${testid('report-item')}[data-state="kept"] ${testid('send-once')}`;
      for (let left = times(setting, SENDS, 5); left > 0; left -= 1) {
        const hash = await prepare(page);
        await page.waitFor(`[data-hash="${hash}"] ${testid('send-once')}`);
        const before = statistics.received.length;
        const beganMs = await page.evaluate((button: string) => {
          document.querySelector<HTMLElement>(button)?.click();
          return Date.now();
        }, once);
        const arrived = await until(() => statistics.received[before], 'the report');
        arriving.push(arrived.wholeMs - beganMs);
        bytes.push(arrived.body.length);
        await until(async () => (await ask(page, 'reports.get', {})).reports.every(settled), 'noted as sent');
      }
      setting.say({
        what: "'Send once' → the receiver has the whole body, median",
        where: name,
        value: median(arriving),
        unit: 'ms',
        note: `${arriving.length} sends over TLS on this machine; p95 ${percentile(arriving, 0.95).toFixed(0)} ms`,
      });
      setting.say({
        what: 'a report of statistics with one count',
        where: name,
        value: median(bytes),
        unit: 'bytes',
      });
    },
    trust,
  );
}

const settled = ({ items }: { items: readonly { state: string }[] }) => items.every(({ state }) => state !== 'waiting');

export async function measureSending(name: BrowserName, setting: Setting): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-bench-sending-'));
  const receivers = await startReceivers();
  try {
    const { extensionDir = '', ...trust } = receivers.options(name, build(name, folder));
    await measureSends(name, extensionDir, receivers, setting, trust);
    await withBuild(
      name,
      extensionDir,
      async (browser) => {
        const page = await browser.open('options.html#diagnostics');
        const seen = await revokeWhileSending(browser, page, receivers.statistics, setting.trials);
        setting.say({
          what: 'revoke while sending → nothing in flight, p95',
          where: name,
          value: percentile(seen.revokeMs, 0.95),
          unit: 'ms',
          target: { atMost: 150 },
          note: `${seen.revokeMs.length} reports at the receiver, unanswered; p50 ${median(seen.revokeMs).toFixed(0)} ms`,
        });
        setting.say({
          what: 'sends begun after a revocation resolved',
          where: name,
          value: seen.late.length,
          unit: '',
          target: { atMost: 0 },
          note: `${setting.trials} trials, in ${Math.floor(setting.trials / 20)} of them the background killed`,
        });
      },
      trust,
    );
  } finally {
    await receivers.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
