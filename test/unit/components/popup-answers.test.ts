import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { State } from '../../../utils/messages/contract';

/** Milliseconds that each message takes, by its name; what is not named never answers. */
let delays: Record<string, number>;
let asked: string[];

const view = (id: string, scope: string) => ({ id, scopes: [{ scope, state: 'granted', excluded: false }] });
const state = {
  capabilities: [view('site-insight', '*://shop.example/*'), view('browsing-time', '*')],
} as unknown as State;
const answers: Record<string, unknown> = {
  'state.get': state,
  'insight.site': { groups: [] },
  'time.days': { rows: [] },
};

vi.mock('webextension-polyfill', () => ({
  default: {
    extension: { inIncognitoContext: false },
    tabs: { query: async () => [{ id: 7, url: 'https://shop.example:8443/a', incognito: false }] },
    runtime: {
      sendMessage: async ({ name }: { name: string }) => {
        asked.push(name);
        const ms = delays[name];
        await new Promise((resolve) => (ms === undefined ? undefined : setTimeout(resolve, ms)));
        return ms === -1 ? undefined : { ok: true, answer: answers[name] };
      },
    },
  },
}));

const { askFirst } = await import('../../../entrypoints/popup/answers');

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
});
afterEach(() => vi.useRealTimers());

/** What the first paint has, and after how many milliseconds it comes. */
async function firstPaint() {
  const beganMs = Date.now();
  const first = askFirst().then((answer) => ({ answer, afterMs: Date.now() - beganMs }));
  await vi.runAllTimersAsync();
  return first;
}

test('the first paint waits for all answers of a background that runs', async () => {
  delays = { 'state.get': 8, 'insight.site': 6, 'time.days': 5 };
  const { answer, afterMs } = await firstPaint();
  expect(afterMs).toBe(14);
  expect(answer.state).toBe(state);
  expect(answer.front).toMatchObject({ host: 'shop.example', port: 8443, tabId: 7 });
  expect(answer.about).toEqual({ report: { groups: [] }, time: { rows: [] }, protection: undefined });
  expect(asked).toEqual(['state.get', 'insight.site', 'time.days']);
});

test('it comes after 150 ms with what is there by then', async () => {
  delays = { 'state.get': 40, 'insight.site': 500, 'time.days': 5 };
  const late = await firstPaint();
  expect(late.afterMs).toBe(150);
  expect(late.answer.state).toBe(state);
  expect(late.answer.about).toBeUndefined();

  delays = {};
  const silent = await firstPaint();
  expect(silent.afterMs).toBe(150);
  expect(silent.answer.state).toBeUndefined();
});

test('a background that can not be reached holds nothing up', async () => {
  delays = { 'state.get': -1 };
  const debug = vi.spyOn(console, 'debug').mockReturnValue();
  const { answer, afterMs } = await firstPaint();
  expect(afterMs).toBeLessThan(150);
  expect(answer.state).toBeUndefined();
  expect(debug).toHaveBeenCalledOnce();
});
