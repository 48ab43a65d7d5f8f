/** One trial: a flood of writes, a revocation in the midst of it, and a look whether anything was kept after. */
import type { WebServer } from '../servers/web';
import { type Driven, grant, type Page, promptUrl, testid, until } from './cloudopt';

const SITE = 'shop.example';
const NARROW = `*://${SITE}/*`;
/** Holds the browser's permission, so that a trial needs no prompt of the browser's. */
const BROAD = `*://*.${SITE}/*`;

export interface Trial {
  /** Milliseconds from the call to the answer of `revoke`. */
  readonly revokeMs: number;
  /** Records of the revoked grant that were new or changed after `revoke` had resolved. */
  readonly late: number;
}

export interface FloodRun {
  trial(options?: { readonly killBackground?: boolean }): Promise<Trial>;
}

/** Sets up a page that floods and a page of ours that grants and revokes by messages, as the prompt page does. */
export async function floodRun(browser: Driven, web: WebServer): Promise<FloodRun> {
  const options = await browser.open('options.html');
  await grant(browser, options, 'site-insight', { scope: BROAD });
  await options.close();
  const parties = Array.from({ length: 40 }, (_, index) => `p${index}.example`).join();
  const flooding = await browser.open(web.url(SITE, `/flood?perSecond=200&parties=${parties}`));
  const ours = await browser.open(promptUrl('site-insight', NARROW));
  await ours.waitFor(testid('allow'));
  // Both stand side by side: a page in the background is throttled and floods nobody.
  await flooding.bringToFront();

  return {
    async trial({ killBackground = false } = {}) {
      const grantId = await allowAndWait(ours);
      if (killBackground) await browser.killBackground();
      const { ms, rows } = await revokeAndLook(ours, grantId);
      const standing = new Set(rows);
      const requests = web.requests.length;
      await until(() => web.requests.length > requests + 40, 'the flood goes on');
      const late = (await rowsOf(ours, grantId)).filter((row) => !standing.has(row)).length;
      return { revokeMs: ms, late };
    },
  };
}

/** Reads the rows of one grant, as text, by the page itself. Sent into pages as text: uses nothing from outside. */
const readRows = `async (grantId) => {
  const opening = indexedDB.open('cloudopt');
  const database = await new Promise((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const range = IDBKeyRange.bound(grantId + '|', grantId + '}');
  const reading = database.transaction('records').objectStore('records').getAll(range);
  const rows = await new Promise((resolve, reject) => {
    reading.onsuccess = () => resolve(reading.result);
    reading.onerror = () => reject(reading.error);
  });
  database.close();
  return rows.map((row) => JSON.stringify(row));
}`;

/** A function with `readRows` inside it, for `Page.evaluate`, which sends functions as text. */
function withRows<A extends readonly unknown[], T>(body: string): (...args: A) => T {
  const text = `async (...given) => { const readRows = ${readRows}; return (${body})(...given); }`;
  return Object.assign((..._args: A): T => undefined as T, { toString: () => text });
}

/** Asks, allows and settles (the browser holds the permission already), then waits for records. @returns the grant's id. */
const allowAndWait = (page: Page): Promise<string> =>
  page.evaluate(
    withRows<[string], Promise<string>>(`async (scope) => {
      const say = async (name, input) => {
        const reply = await chrome.runtime.sendMessage({ name, input });
        if (!reply.ok) throw new Error(name + ': ' + reply.why);
        return reply.answer;
      };
      const { nonce } = await say('prompts.open', { capability: 'site-insight', scope });
      await say('prompts.allow', { nonce, scope, lifetime: 'until-revoked' });
      const settled = await say('prompts.settle', { nonce });
      if (settled.kind !== 'granted') throw new Error('not granted: ' + JSON.stringify(settled));
      const { capabilities } = await say('state.get', {});
      const view = capabilities.find((one) => one.id === 'site-insight');
      const { grantId } = view.scopes.find((one) => one.scope === scope);
      const endMs = Date.now() + 30000;
      while ((await readRows(grantId)).length === 0) {
        if (Date.now() > endMs) throw new Error('no records under the new grant');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return grantId;
    }`),
    NARROW,
  );

/** Revokes, and reads the grant's records in the very turn in which the revocation resolved. */
const revokeAndLook = (page: Page, grantId: string): Promise<{ ms: number; rows: string[] }> =>
  page.evaluate(
    withRows<[string, string], Promise<{ ms: number; rows: string[] }>>(`async (scope, grantId) => {
      const began = performance.now();
      // A background that is killed under a message loses it: the page asks again, as ours does when a person clicks again.
      let reply;
      let asked = 0;
      while (reply === undefined && asked < 5) {
        asked += 1;
        const message = { name: 'grants.revoke', input: { capability: 'site-insight', scope } };
        reply = await chrome.runtime.sendMessage(message).catch(() => undefined);
      }
      const ms = performance.now() - began;
      const over = reply?.ok && (reply.answer.kind === 'revoked' || (asked > 1 && reply.answer.kind === 'not-live'));
      if (!over) throw new Error('not revoked: ' + JSON.stringify(reply));
      return { ms, rows: await readRows(grantId) };
    }`),
    NARROW,
    grantId,
  );

const rowsOf = (page: Page, grantId: string): Promise<string[]> =>
  page.evaluate(withRows<[string], Promise<string[]>>('async (grantId) => readRows(grantId)'), grantId);
