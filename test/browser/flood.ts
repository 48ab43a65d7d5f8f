/** One trial: a flood of writes, a revocation in the midst of it, and a look whether anything was kept after. */
import type { WebServer } from '../servers/web';
import { type Driven, grant, type Page, promptUrl, rawRows, testid, until } from './cloudopt';

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

  const rowsOf = async (grantId: string) =>
    (await rawRows(ours, 'records')).filter((row) => row.grantId === grantId).map((row) => JSON.stringify(row));

  return {
    async trial({ killBackground = false } = {}) {
      const grantId = await allowByMessage(ours);
      await until(async () => (await rowsOf(grantId)).length > 0, 'records under the new grant');
      if (killBackground) await browser.stopBackground();
      const revoked = await revokeNow(ours);
      const before = new Set(revoked.rows.filter((row) => row.grantId === grantId).map((row) => JSON.stringify(row)));
      const requests = web.requests.length;
      await until(() => web.requests.length > requests + 40, 'the flood goes on');
      const late = (await rowsOf(grantId)).filter((row) => !before.has(row)).length;
      return { revokeMs: revoked.ms, late };
    },
  };
}

interface Api {
  readonly chrome: { runtime: { sendMessage(message: object): Promise<{ ok: boolean; answer: never; why?: string }> } };
}

/** Asks, allows and settles; the browser holds the permission already. @returns the new grant's id. */
function allowByMessage(page: Page): Promise<string> {
  return page.evaluate(async (scope: string) => {
    const { runtime } = (globalThis as unknown as Api).chrome;
    const say = async (name: string, input: object) => {
      const reply = await runtime.sendMessage({ name, input });
      if (!reply.ok) throw new Error(`${name}: ${reply.why}`);
      return reply.answer as Record<string, unknown>;
    };
    const { nonce } = await say('prompts.open', { capability: 'site-insight', scope });
    await say('prompts.allow', { nonce, scope, lifetime: 'until-revoked' });
    const settled = await say('prompts.settle', { nonce });
    if (settled.kind !== 'granted') throw new Error(`not granted: ${JSON.stringify(settled)}`);
    const { capabilities } = (await say('state.get', {})) as {
      capabilities: { id: string; scopes: { scope: string; grantId: string }[] }[];
    };
    const found = capabilities
      .find((one) => one.id === 'site-insight')
      ?.scopes.find((one) => one.scope === scope)?.grantId;
    if (found === undefined) throw new Error('no grant');
    return found;
  }, NARROW);
}

/** Revokes, and reads the records in the very turn in which the revocation resolved. */
function revokeNow(page: Page): Promise<{ ms: number; rows: Record<string, unknown>[] }> {
  return page.evaluate(async (scope: string) => {
    const { runtime } = (globalThis as unknown as Api).chrome;
    const opening = indexedDB.open('cloudopt');
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    const began = performance.now();
    const reply = await runtime.sendMessage({ name: 'grants.revoke', input: { capability: 'site-insight', scope } });
    const ms = performance.now() - began;
    const reading = database.transaction('records').objectStore('records').getAll();
    const rows = await new Promise<Record<string, unknown>[]>((resolve, reject) => {
      reading.onsuccess = () => resolve(reading.result as Record<string, unknown>[]);
      reading.onerror = () => reject(reading.error);
    });
    database.close();
    if (!reply.ok || (reply.answer as { kind: string }).kind !== 'revoked') {
      throw new Error(`not revoked: ${JSON.stringify(reply)}`);
    }
    return { ms, rows };
  }, NARROW);
}
