/** The browser's blocking rules (declarativeNetRequest): one queue for all changes, so that a halt has the last word. */
import { browser } from './browser';
import type { NetRule, RulesPort } from './browser-types';
import { serial } from './serial';

/** The part of the API that is used. The polyfill hands it through as it is; its types are looser than ours. */
interface Api {
  getEnabledRulesets(): Promise<string[]>;
  updateEnabledRulesets(change: { enableRulesetIds: string[]; disableRulesetIds: string[] }): Promise<void>;
  getDynamicRules(): Promise<NetRule[]>;
  updateDynamicRules(change: { removeRuleIds: number[]; addRules: NetRule[] }): Promise<void>;
  getSessionRules(): Promise<NetRule[]>;
  updateSessionRules(change: { removeRuleIds: number[]; addRules: NetRule[] }): Promise<void>;
}

const api = (): Api => browser.declarativeNetRequest as unknown as Api;
const inTurn = serial();

const same = (a: readonly NetRule[], b: readonly NetRule[]): boolean => JSON.stringify(a) === JSON.stringify(b);
const idsOf = (rules: readonly NetRule[]): number[] => rules.map((rule) => rule.id);

async function enableOnly(ids: readonly string[]): Promise<void> {
  const now = await api().getEnabledRulesets();
  const on = ids.filter((id) => !now.includes(id));
  const off = now.filter((id) => !ids.includes(id));
  if (on.length + off.length === 0) return;
  await api().updateEnabledRulesets({ enableRulesetIds: on, disableRulesetIds: off });
}

async function setDynamic(rules: readonly NetRule[]): Promise<void> {
  const now = await api().getDynamicRules();
  if (same(now, rules)) return;
  await api().updateDynamicRules({ removeRuleIds: idsOf(now), addRules: [...rules] });
}

async function changeSession(change: (rules: readonly NetRule[]) => readonly NetRule[]): Promise<void> {
  const now = await api().getSessionRules();
  const next = change(now);
  if (same(now, next)) return;
  await api().updateSessionRules({ removeRuleIds: idsOf(now), addRules: [...next] });
}

const unlessAborted = (signal: AbortSignal, task: () => Promise<void>): Promise<void> =>
  inTurn(async () => {
    if (!signal.aborted) await task();
  });

export const browserRules: RulesPort = {
  enabled: () => api().getEnabledRulesets(),
  enableOnly: (ids, signal) => unlessAborted(signal, () => enableOnly(ids)),
  setDynamic: (rules, signal) => unlessAborted(signal, () => setDynamic(rules)),
  session: () => api().getSessionRules(),
  changeSession: (change, signal) => unlessAborted(signal, () => changeSession(change)),
  takeDown: () =>
    inTurn(async () => {
      await Promise.all([enableOnly([]), setDynamic([]), changeSession(() => [])]);
    }),
};
