/** The write function, the book and the chain, in an extension page on a database of their own. */
import type { BrowserName } from '../browser/driver/driver';
import type { Breadth } from './harness';
import { inHarness, type Setting, times, withHarness } from './setting';
import { median, percentile } from './table';

const RUNS = 5;
const LEDGER_ENTRIES = 100_000;

export async function measureWrites(name: BrowserName, setting: Setting): Promise<void> {
  await withHarness(name, setting, async (page) => {
    const measure = async (what: string, breadth: Breadth, rows: number, pairs: number, atMost: number) => {
      const ratios: number[] = [];
      const fencedMs: number[] = [];
      const bareMs: number[] = [];
      for (let run = 0; run < RUNS; run += 1) {
        const { fenced, bare } = await inHarness(page, 'writes', breadth, rows, times(setting, pairs, 10));
        ratios.push(median(fenced) / median(bare));
        fencedMs.push(median(fenced));
        bareMs.push(median(bare));
      }
      const note = `${RUNS} runs of ${times(setting, pairs, 10)} pairs; ${median(fencedMs).toFixed(2)} / ${median(bareMs).toFixed(2)} ms; runs ${range(ratios)}`;
      setting.say({ what, where: name, value: median(ratios), unit: '', digits: 2, target: { atMost }, note });
    };
    const single = name === 'chromium' ? 1.3 : 1.8;
    for (const breadth of ['one site', 'all sites'] as const) {
      await measure(`fenced write / bare put, 100 a transaction, grant for ${breadth}`, breadth, 100, 40, 1.1);
      await measure(`fenced write / bare put, single, grant for ${breadth}`, breadth, 1, 300, single);
    }
  });
}

const range = (values: readonly number[]): string =>
  `${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)}`;

export async function measureRevocations(name: BrowserName, setting: Setting): Promise<void> {
  await withHarness(name, setting, async (page) => {
    const trials = times(setting, 40, 8);
    const all: number[] = [];
    for (let run = 0; run < RUNS; run += 1) all.push(...(await inHarness(page, 'revocations', trials)));
    const figure = (share: number, atMost: number) => ({
      what: `revoke under a flood of writes, call → commit, p${share * 100}`,
      where: name,
      value: percentile(all, share),
      unit: 'ms',
      digits: 1,
      target: { atMost },
      note: `${RUNS} runs of ${trials} trials, all together`,
    });
    setting.say(figure(0.5, 15));
    setting.say(figure(0.95, 50));
    setting.say(figure(0.99, 100));
  });
}

export async function measureLedger(name: BrowserName, setting: Setting): Promise<void> {
  await withHarness(name, setting, async (page) => {
    const appended = times(setting, 200, 20);
    const appends: number[] = [];
    for (let run = 0; run < RUNS; run += 1) appends.push(await inHarness(page, 'ledgerAppends', appended));
    setting.say({
      what: 'ledger append, one a transaction',
      where: name,
      value: median(appends),
      unit: '/s',
      target: { atLeast: 400 },
      note: `${RUNS} runs of ${appended}, strict durability`,
    });
    const entries = times(setting, LEDGER_ENTRIES, 5000);
    await inHarness(page, 'makeChain', entries);
    const verified: number[] = [];
    const verifying: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const { perSecond, verifyingShare } = await inHarness(page, 'verifyChain', entries);
      verified.push(perSecond);
      verifying.push(verifyingShare);
    }
    setting.say({
      what: `ledger, verify ${entries.toLocaleString('en')} entries`,
      where: name,
      value: median(verified),
      unit: '/s',
      target: { atLeast: 35_000 },
      note: `${RUNS} runs, ${Math.round(median(verifying) * 100)} % of it verifying, the rest reading; each entry with a notice of two clauses`,
    });
  });
}
