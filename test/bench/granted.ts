/** 'Is it granted?', asked by one of our pages. */
import type { Page } from '../browser/cloudopt';
import type { BrowserName } from '../browser/driver/driver';
import { type Setting, times, withBuild } from './setting';
import { median } from './table';

interface Api {
  readonly chrome: { runtime: { sendMessage(message: object): Promise<{ ok: boolean }> } };
}

/** Milliseconds of each question, one after the other. */
function questions(page: Page, count: number): Promise<number[]> {
  return page.evaluate(async (left: number) => {
    const { runtime } = (globalThis as unknown as Api).chrome;
    const measured: number[] = [];
    while (measured.length < left) {
      const began = performance.now();
      const { ok } = await runtime.sendMessage({ name: 'state.get', input: {} });
      measured.push(performance.now() - began);
      if (!ok) throw new Error('state.get was refused');
    }
    return measured;
  }, count);
}

export async function measureGranted(name: BrowserName, setting: Setting): Promise<void> {
  await withBuild(name, setting.builds.of(name).dir, async (browser) => {
    const page = await browser.open('welcome.html');
    await questions(page, 20);
    const runs = 5;
    const each = times(setting, 100, 20);
    const warm: number[] = [];
    for (let run = 0; run < runs; run += 1) warm.push(median(await questions(page, each)));
    setting.say({
      what: `'is it granted?', message and answer, background warm`,
      where: name,
      value: median(warm),
      unit: 'ms',
      digits: 1,
      target: { atMost: 5 },
      note: `${runs} runs of ${each}`,
    });
    const stops = times(setting, 15, 5);
    const cold: number[] = [];
    for (let stop = 0; stop < stops; stop += 1) {
      await browser.stopBackground();
      cold.push(...(await questions(page, 1)));
    }
    setting.say({
      what: `'is it granted?', message and answer, background cold`,
      where: name,
      value: median(cold),
      unit: 'ms',
      digits: 1,
      target: { atMost: 80 },
      note: `stopped ${stops} times; ${Math.min(...cold).toFixed(0)}–${Math.max(...cold).toFixed(0)} ms`,
    });
  });
}
