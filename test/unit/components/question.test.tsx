// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Asked, Question } from '../../../components/question';
import { typedScope } from '../../../components/site-field';
import type { Lifetime } from '../../../utils/catalogue/catalogue';

vi.mock('webextension-polyfill', () => import('./fake-browser'));

const nothing = { permissions: [], origins: [], dataCollection: [] };
const site = { scope: '*://shop.example/*', needs: { ...nothing, origins: ['*://shop.example/*'] } };
const all = { scope: '*', needs: { ...nothing, origins: ['*://*/*'] } };
const asked: Asked = {
  kind: 'ask',
  nonce: 'n',
  notice: {
    capability: 'site-insight',
    scope: site.scope,
    language: 'en',
    policyVersion: '2019-01',
    policyEffective: '2019-01-20',
    controller: 'who',
    name: 'Site insight',
    does: 'does this',
    why: 'because',
    fields: [{ name: 'Site', text: 'its name' }],
    destination: 'nobody',
    place: 'here',
    retention: '30 days',
    refusalCost: 'nothing much',
    withdrawal: 'one click',
    clauses: [{ id: 'I.5', title: 'We ask first', text: 'the clause', hash: '0' }],
    browserPrompt: [{ scope: 'all', text: 'read and change' }],
  },
  choices: [site, all],
  lifetimes: ['until-revoked', 'session', 'hour'],
  lifetime: 'until-revoked',
  state: 'off',
  changes: [],
};

const root = document.createElement('main');
const find = (testId: string) => {
  const found = root.querySelector<HTMLElement>(`[data-testid="${testId}"]`);
  if (!found) throw new Error(`no ${testId}`);
  return found;
};
const onAllow = vi.fn<(choice: Asked['choices'][number], lifetime: Lifetime) => void>();
const onDecline = vi.fn<(answer: 'not-now' | 'never') => void>();
const show = (waiting = false) =>
  act(() => {
    render(<Question asked={asked} hasSites waiting={waiting} onAllow={onAllow} onDecline={onDecline} />, root);
  });

beforeEach(() => document.body.append(root));
afterEach(() => {
  render(null, root);
  vi.clearAllMocks();
});

describe('Question', () => {
  it('allows at once with the narrowest scope and the preset lifetime, in the very turn of the click', async () => {
    await show();
    const click = find('allow').dispatchEvent(new MouseEvent('click', { bubbles: true }));
    // No await between the click and this line: Firefox would refuse to ask.
    expect(onAllow).toHaveBeenCalledWith(site, 'until-revoked');
    expect(click).toBe(true);
  });

  it('hands on what was chosen', async () => {
    await show();
    await act(() => find('scope-all').click());
    await act(() => find('lifetime-hour').click());
    find('allow').click();
    expect(onAllow).toHaveBeenCalledWith(all, 'hour');
  });

  it('gives the three answers one look, and the focus to none of them', async () => {
    await show();
    const answers = ['allow', 'not-now', 'never'].map((name) => find(name));
    expect(new Set(answers.map((answer) => answer.className)).size).toBe(1);
    expect(answers).not.toContain(document.activeElement);
    expect(document.activeElement?.tagName).toBe('H1');
  });

  it('takes Escape for not now, also while the browser is asking', async () => {
    await show(true);
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    expect(onDecline).toHaveBeenCalledWith('not-now');
    find('allow').click();
    expect(onAllow).not.toHaveBeenCalled();
  });

  it.each([
    ['prompt-purpose', 'because'],
    ['prompt-fields', 'its name'],
    ['prompt-destination', 'nobody'],
    ['prompt-retention', '30 days'],
    ['prompt-refusal-cost', 'nothing much'],
    ['prompt-clauses', 'the clause'],
  ])('%s says what the notice says', async (testId, words) => {
    await show();
    expect(find(testId).textContent).toContain(words);
  });
});

describe('typedScope', () => {
  it.each([
    ['shop.example', '*://shop.example/*'],
    ['  Shop.Example ', '*://shop.example/*'],
    ['https://shop.example:8443/basket?x=1', '*://shop.example/*'],
    ['localhost', '*://localhost/*'],
    ['', undefined],
    ['two words', undefined],
    ['*.example', undefined],
    ['file:///etc/passwd', undefined],
    ['javascript:alert(1)', undefined],
  ])('%j is %j', (typed, scope) => {
    expect(typedScope(typed)).toBe(scope);
  });
});
