/** The main job, walked in a real browser without a window, each step printed. */

import { ChainVerifier } from '../../utils/grants/chain';
import { ask, grant, held, launch, ledger, rawRows, until } from '../browser/cloudopt';
import type { BrowserName } from '../browser/driver/driver';
import { start as startWeb } from '../servers/web';

const SHOP = '*://shop.example/*';

/** Firefox answers its own permission prompt without a display; Chromium is shown on a display of its own. */
export async function demo(name: BrowserName): Promise<void> {
  let number = 0;
  const step = (what: string) => {
    number += 1;
    console.log(`${String(number).padStart(2)}. ${what}`);
  };
  const web = await startWeb();
  const browser = await launch(name, { headless: name === 'firefox' });
  try {
    await browser.waitForPage('welcome.html');
    const options = await browser.open('options.html');
    const before = await held(options);
    step(`Cloudopt is installed in ${name}. Hosts it may read: ${before.origins.length}. Its welcome page is open.`);

    await grant(browser, options, 'site-insight', { scope: SHOP });
    step(`Asked for site insight on shop.example: its own prompt, Allow, then the browser's prompt, allowed.`);
    step(`The browser now holds ${(await held(options)).origins.join(', ')}.`);

    const site = await browser.open(web.url('shop.example', '/?parties=cdn.ads.example,stats.track.test&each=3'));
    const report = await until(async () => {
      const seen = await ask(options, 'insight.site', { host: 'shop.example' });
      return seen.requests >= 12 ? seen : undefined;
    }, 'third parties');
    step('Visited shop.example. Third parties seen:');
    for (const { domain, requests } of report.groups) console.log(`      ${domain}: ${requests} requests`);

    const revoked = await ask(options, 'grants.revoke', { capability: 'site-insight', scope: SHOP });
    step(`Revoked: ${JSON.stringify(revoked)}. Hosts it may read: ${(await held(options)).origins.length}.`);

    const records = (await rawRows(options, 'records')).length;
    await site.goto(web.url('shop.example', '/?parties=late.example&each=3'));
    const kept = (await rawRows(options, 'records')).length - records;
    step(`Visited shop.example again. Records kept since the revocation: ${kept}.`);

    const verifier = new ChainVerifier();
    verifier.add(await rawRows(options, 'ledger'));
    step('The record of it:');
    for (const entry of await ledger(options)) console.log(`      ${entry}`);
    step(`The ledger is ${verifier.verdict().kind}.`);
    if (kept !== 0 || verifier.verdict().kind !== 'intact') process.exitCode = 1;
  } finally {
    await browser.close();
    await web.stop();
  }
}
