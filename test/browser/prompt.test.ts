import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { capability, capabilityIds } from '../../utils/catalogue/catalogue';
import type { LanguageChoice } from '../../utils/platform/languages';
import { ask, type Page, promptUrl, testid, wantedBrowsers, withBrowser } from './cloudopt';
import { answers, cutTexts } from './fitting';

const SHOP = '*://shop.example/*';
const folders = readdirSync(path.resolve(import.meta.dirname, '../../public/_locales')) as Exclude<
  LanguageChoice,
  'automatic'
>[];

/** Every prompt that there is. Two of one capability never follow each other: the first one's question ends first. */
const questions: readonly (readonly [id: string, scope: string])[] = [
  ...capabilityIds.map((id) => [id, capability(id).sites === 'choose' ? SHOP : '*'] as const),
  ...capabilityIds.flatMap((id) => (capability(id).sites === 'choose' ? [[id, '*'] as const] : [])),
];

/** Runs in a page: brings the last detail into view; what scrolls for it, and whether it is seen above the answers. */
function lastDetail() {
  const scrolls = ['.prompt-scroll', '.prompt'].filter((one) => {
    const element = document.querySelector(one);
    if (element === null || element.scrollHeight <= element.clientHeight + 1) return false;
    return getComputedStyle(element).overflowY === 'auto';
  });
  const last = document.querySelector('.notice-fact:last-child dd') as Element;
  last.scrollIntoView({ block: 'center' });
  const { top, bottom } = last.getBoundingClientRect();
  const answersTop = (document.querySelector('.prompt-answers') as Element).getBoundingClientRect().top;
  return { scrolls: scrolls.length === 1, seen: top >= 0 && bottom <= answersTop };
}

/** Runs in a page: brings each choice into view as the keyboard does; those that stay under the answers or outside. */
function choicesOutOfReach(): string[] {
  const answersTop = () => (document.querySelector('.prompt-answers') as Element).getBoundingClientRect().top;
  return [...document.querySelectorAll<HTMLElement>('.prompt-choices input')].flatMap((choice) => {
    choice.scrollIntoView({ block: 'center' });
    const { top, bottom } = choice.getBoundingClientRect();
    return top >= 0 && bottom <= answersTop() + 1 ? [] : [choice.dataset.testid ?? '?'];
  });
}

async function show(prompt: Page, id: string, scope: string): Promise<void> {
  await prompt.goto(promptUrl(id, scope));
  await prompt.waitFor(testid('allow'));
  // Everything opened: what is folded away must fit too.
  await prompt.evaluate(() => {
    for (const folded of document.querySelectorAll('details')) folded.open = true;
  });
}

describe.each(wantedBrowsers())('the prompt in %s', (name) => {
  test.each([
    { what: 'every question in every language at 480 by 640', width: 480, height: 640, asks: questions },
    // WCAG 1.4.10: 1280 by 1024 at 400 %. The longest questions: with sites, with a server of ours, with a place.
    {
      what: 'long questions in every language at 400 %',
      width: 320,
      height: 256,
      asks: questions.filter(([id]) => ['site-insight', 'crash-reports', 'cloud-sync'].includes(id)),
    },
  ])('has three answers of equal weight in view: $what', async ({ asks, ...size }) => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await options.waitFor(testid('language'));
      const prompt = await browser.open(promptUrl('notifications'));
      await prompt.waitFor(testid('allow'));
      await prompt.resize(size.width, size.height);
      for (const folder of folders) {
        await ask(options, 'language.set', { choice: folder });
        for (const [id, scope] of asks) {
          await show(prompt, id, scope);
          const where = `${folder} ${id} ${scope}`;
          expect(await prompt.evaluate(() => document.documentElement.lang)).toBe(folder.replace('_', '-'));
          const boxes = await prompt.evaluate(answers);
          expect(
            boxes.map((box) => box.inView),
            where,
          ).toEqual([true, true, true]);
          // Size, colours and weight of the letters: all of it alike.
          expect(new Set(boxes.map((box) => JSON.stringify(box))).size, `${where} ${JSON.stringify(boxes)}`).toBe(1);
          expect(await prompt.evaluate(cutTexts), where).toEqual([]);
          expect(await prompt.evaluate(lastDetail), where).toEqual({ scrolls: true, seen: true });
          expect(await prompt.evaluate(choicesOutOfReach), where).toEqual([]);
        }
      }
    });
  });

  test('would be found out where one answer stands above the others', async () => {
    await withBrowser(name, {}, async (browser) => {
      const prompt = await browser.open(promptUrl('notifications'));
      await prompt.waitFor(testid('allow'));
      await prompt.resize(480, 640);
      const differ = async (style: string) => {
        await prompt.evaluate(
          (id: string, text: string) => {
            (document.querySelector(id) as HTMLElement).style.cssText = text;
          },
          testid('allow'),
          style,
        );
        return new Set((await prompt.evaluate(answers)).map((box) => JSON.stringify(box))).size > 1;
      };
      expect(await differ('')).toBe(false);
      for (const style of [
        'background: blue',
        'font-weight: 700',
        'inline-size: 4rem',
        'border-width: 3px',
        'opacity: 0.5',
      ]) {
        expect(await differ(style), style).toBe(true);
      }
    });
  });
});
