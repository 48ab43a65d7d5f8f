/** Revokes while a report is being sent, again and again, and looks whether a send began after. */
import type { Receiver } from '../servers/tls';
import { ask, type Driven, grant, type Page, promptUrl, testid, until } from './cloudopt';

const ORIGIN_SCOPE = '*://statistics.example/*';
/** How long what was sent before may take to be seen by the receiver, which shares its thread with this test. */
const SEEN_MS = 250;

export interface Trials {
  /** Requests that came after a revocation had resolved, and more than the one that was asked for: each in words. */
  readonly late: readonly string[];
  /** Trials in which the request was at the receiver, unanswered, when the revocation came. */
  readonly inFlight: number;
  /** Of these, from the message of the revocation to its answer; not those before which the background was killed. */
  readonly revokeMs: readonly number[];
}

export async function revokeWhileSending(
  browser: Driven,
  options: Page,
  receiver: Receiver<unknown>,
  trials: number,
): Promise<Trials> {
  // Others hold what the browser's own prompt would ask for, so that a trial needs none.
  await grant(browser, options, 'site-insight', { scope: ORIGIN_SCOPE });
  await grant(browser, options, 'crash-reports');
  await grant(browser, options, 'usage-statistics');
  await ask(options, 'grants.revoke', { capability: 'usage-statistics', scope: '*' });
  const ours = await browser.open(promptUrl('usage-statistics'));
  await ours.waitFor(testid('allow'));
  const seen = () => receiver.received.length + receiver.rejected.length;
  const late: string[] = [];
  let inFlight = 0;
  const revokeMs: number[] = [];
  // What comes after a revocation is looked for until the next report is sent: asking and counting send nothing.
  let judge = async (): Promise<void> => undefined;
  for (let n = 0; n < trials; n += 1) {
    await allow(ours);
    const hash = await prepare(options);
    await judge();
    const before = seen();
    const received = receiver.received.length;
    const rejected = receiver.rejected.length;
    // In turn: at the receiver and unanswered; answered while it is revoked; not known where.
    receiver.respond(n % 3 === 1 ? { kind: 'ok', delayMs: 5 } : { kind: 'hang' });
    await beginSend(options, hash);
    if (n % 3 === 0) {
      await until(() => seen() > before, 'the report is at the receiver');
      inFlight += 1;
    }
    // One that is killed before it noted the answer sends what waits once more when it starts: that may precede the revocation.
    const killed = n % 20 === 19;
    if (killed) await browser.killBackground();
    const { revokedMs, tookMs } = await revoke(options, (n * 7) % 40);
    if (n % 3 === 0 && !killed) revokeMs.push(tookMs);
    // Whatever could still send is asked to: the same report, and the rule.
    await ask(options, 'reports.send', { capability: 'usage-statistics', hash });
    await ask(options, 'reports.configure', { capability: 'usage-statistics', byRule: true });
    judge = async () => {
      await until(() => Date.now() > revokedMs + SEEN_MS, 'what was sent before is seen');
      const came = [...receiver.received.slice(received), ...receiver.rejected.slice(rejected)];
      for (const { atMs } of came) {
        if (atMs > revokedMs + SEEN_MS / 2) late.push(`trial ${n}: ${atMs - revokedMs} ms after the revocation`);
      }
      if (came.length > 1 && !killed) late.push(`trial ${n}: ${came.length} requests`);
    };
  }
  await judge();
  await ours.close();
  return { late, inFlight, revokeMs };
}

/** Asks, allows and settles, as the prompt page does. */
const allow = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const api = globalThis as unknown as { chrome: { runtime: { sendMessage(message: object): Promise<never> } } };
    const say = async (name: string, input: object): Promise<{ nonce: string; kind: string }> => {
      const reply: { ok: boolean; answer: { nonce: string; kind: string }; why: string } =
        await api.chrome.runtime.sendMessage({ name, input });
      if (!reply.ok) throw new Error(`${name}: ${reply.why}`);
      return reply.answer;
    };
    const { nonce } = await say('prompts.open', { capability: 'usage-statistics', scope: '*' });
    await say('prompts.allow', { nonce, scope: '*', lifetime: 'until-revoked' });
    const settled = await say('prompts.settle', { nonce });
    if (settled.kind !== 'granted') throw new Error(`not granted: ${JSON.stringify(settled)}`);
  });

/** Counts something, and waits until it is shown. @returns the report's hash. */
export async function prepare(page: Page): Promise<string> {
  await ask(page, 'usage.count', { name: 'popup.opened' });
  return until(async () => {
    const { reports } = await ask(page, 'reports.get', {});
    const items = reports.find((report) => report.capability === 'usage-statistics')?.items ?? [];
    return items.find((item) => item.state === 'kept')?.hash;
  }, 'a report');
}

/** Begins to send and does not wait for the end of it. */
const beginSend = (page: Page, hash: string): Promise<void> =>
  page.evaluate((hash: string) => {
    const api = globalThis as unknown as { chrome: { runtime: { sendMessage(message: object): Promise<unknown> } } };
    const input = { capability: 'usage-statistics', hash };
    // A background that is killed in the midst of it never answers.
    api.chrome.runtime.sendMessage({ name: 'reports.send', input }).catch(() => undefined);
  }, hash);

/** @returns when the revocation had resolved, and how long that took. */
const revoke = (page: Page, afterMs: number): Promise<{ revokedMs: number; tookMs: number }> =>
  page.evaluate(async (afterMs: number) => {
    const api = globalThis as unknown as { chrome: { runtime: { sendMessage(message: object): Promise<never> } } };
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const began = performance.now();
    const message = { name: 'grants.revoke', input: { capability: 'usage-statistics', scope: '*' } };
    let reply: { ok: boolean; answer: { kind: string } } | undefined;
    for (let asked = 0; reply === undefined && asked < 5; asked += 1) {
      reply = await api.chrome.runtime.sendMessage(message).catch(() => undefined);
    }
    if (!reply?.ok || !['revoked', 'not-live'].includes(reply.answer.kind)) {
      throw new Error(`not revoked: ${JSON.stringify(reply)}`);
    }
    return { revokedMs: Date.now(), tookMs: performance.now() - began };
  }, afterMs);
