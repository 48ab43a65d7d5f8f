/** Steps of a person, on a background under test: the same that pages take by messages. */

import { Core } from '../../utils/background/core';
import type { Lifetime } from '../../utils/catalogue/catalogue';
import { type CapabilityId, capability as catalogued, needsOf } from '../../utils/catalogue/catalogue';
import { endpointOf, endpointsUnder } from '../../utils/catalogue/endpoints';
import { ALL, type Scope } from '../../utils/catalogue/scope';
import type { Settled } from '../../utils/messages/contract';
import { buildNotice } from '../../utils/prompts/notice';
import type { Background, FakeBrowser } from './fake-world';

export const notice = (capability: CapabilityId, scope: Scope = ALL, endpoints = endpointsUnder({})) =>
  buildNotice(capability, scope, (key) => key, 'en', endpoints);

let nonces = 0;

export async function openPrompt({ core }: Background, capability: CapabilityId, scope: Scope = ALL): Promise<string> {
  nonces += 1;
  const nonce = `nonce-${nonces}`;
  const shown = notice(capability, scope, core.endpoints);
  await core.openPrompt({ nonce, capability, scope, notice: Core.noticeRef(shown) }, shown);
  return nonce;
}

export interface Allowing {
  readonly scope?: Scope;
  readonly lifetime?: Lifetime;
  /** What the person answers in the browser's own prompt. */
  readonly browserSays?: boolean;
}

/** Asks, clicks Allow, answers the browser's prompt, settles. */
export async function grant(
  browser: FakeBrowser,
  background: Background,
  capability: CapabilityId,
  { scope = ALL, lifetime = 'until-revoked', browserSays = true }: Allowing = {},
): Promise<Settled> {
  const nonce = await openPrompt(background, capability, scope);
  const intending = background.core.allow(nonce, scope, lifetime);
  const endpoint = endpointOf(catalogued(capability).destination, background.core.endpoints);
  if (browserSays) browser.permissions.give(needsOf(capability, scope, true, endpoint));
  await intending;
  return background.core.settlePrompt(nonce);
}
