import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buildOf, type Page, until } from './cloudopt';
import type { BrowserName } from './driver/driver';

interface Api {
  readonly chrome: { declarativeNetRequest: { getEnabledRulesets(): Promise<string[]> } };
}

const ALL_LISTS = 'ads,malicious,phishing,tracking';

export const rulesets = async (page: Page): Promise<string> =>
  (await page.evaluate(() => (globalThis as unknown as Api).chrome.declarativeNetRequest.getEnabledRulesets()))
    .sort()
    .join();

export const protectedNow = (page: Page) => until(async () => (await rulesets(page)) === ALL_LISTS, 'the lists are on');

/** A host of a bad list, as a person may meet it. */
export function badHost(name: BrowserName, list: 'malicious' | 'phishing'): string {
  const hosts = JSON.parse(readFileSync(path.join(buildOf(name), 'rulesets/hosts.json'), 'utf8')) as Record<
    typeof list,
    string[]
  >;
  const found = hosts[list].find((host) => /^[a-z]+[a-z-]*\.(com|net)$/.test(host));
  if (found === undefined) throw new Error(`no plain host in ${list}`);
  return found;
}
