// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { LANGUAGE_CHANGED } from '../../../utils/messages/names';
import type { Spoken } from '../../../utils/platform/languages';
import fake from './fake-browser';

const german: Spoken = {
  choice: 'de',
  texts: { language_tag: 'de', text_direction: 'ltr', not_now: 'Nicht jetzt', title_options: 'Cloudopt auf Deutsch' },
};
const automatic: Spoken = { choice: 'automatic', texts: null };

/** The background's answer to what a page asks; held until it is let go. */
let answer: (known: unknown) => Promise<Spoken | null>;
let asked: unknown[];
let listeners: ((message: unknown) => unknown)[];
let incognito: boolean;

vi.mock('webextension-polyfill', () => ({
  default: {
    ...fake,
    extension: {
      get inIncognitoContext() {
        return incognito;
      },
    },
    runtime: {
      getManifest: () => ({ version: '0.1.0' }),
      sendMessage: async (message: { input: { known: unknown } }) => {
        asked.push(message);
        return { ok: true, answer: await answer(message.input.known) };
      },
      onMessage: { addListener: (heard: (message: unknown) => unknown) => listeners.push(heard) },
    },
  },
}));

const remember = (what: unknown) => localStorage.setItem('language', JSON.stringify(what));
const remembered = () => JSON.parse(localStorage.getItem('language') ?? 'null') as unknown;
const shown = () => document.getElementById('app')?.textContent;
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** Starts a page as its script does: modules of their own, and all that happens in the first turn. */
async function start(language?: 'fixed', after?: Promise<unknown>) {
  vi.resetModules();
  const [{ startPage }, { text }] = await Promise.all([
    import('../../../components/start-page'),
    import('../../../utils/platform/text'),
  ]);
  startPage('title_options', () => <p>{text('not_now')}</p>, {
    ...(language === undefined ? {} : { language }),
    ...(after === undefined ? {} : { after }),
  });
}

beforeEach(() => {
  localStorage.clear();
  document.body.innerHTML = '<div id="app"></div>';
  document.title = '';
  document.documentElement.lang = '';
  answer = async () => null;
  asked = [];
  listeners = [];
  incognito = false;
});

describe('a page', () => {
  test('for which nothing was ever picked renders in its first turn, and keeps nothing', async () => {
    await start();
    expect([shown(), document.documentElement.lang, document.title]).toEqual(['Not now', 'en', 'Cloudopt']);
    await settled();
    expect(asked).toEqual([{ name: 'language.get', input: { known: 'automatic' } }]);
    expect(remembered()).toBeNull();
  });

  test('that is held back renders when what it waits for is there, and asks for nothing before', async () => {
    let release: () => void = () => undefined;
    await start(
      undefined,
      new Promise<void>((resolve) => {
        release = resolve;
      }),
    );
    await settled();
    expect([shown(), asked]).toEqual(['', []]);
    release();
    await settled();
    expect(shown()).toBe('Not now');
    expect(asked).toHaveLength(1);
  });

  test('takes its direction from its language, and turns with it', async () => {
    document.documentElement.dir = '';
    await start();
    expect(document.documentElement.dir).toBe('ltr');
    const arabic = { choice: 'fr', texts: { ...german.texts, language_tag: 'ar', text_direction: 'rtl' } } as Spoken;
    answer = async () => arabic;
    for (const heard of listeners) heard(LANGUAGE_CHANGED);
    await settled();
    expect([document.documentElement.lang, document.documentElement.dir]).toEqual(['ar', 'rtl']);
  });

  test('that remembers a language renders in it in its first turn', async () => {
    remember({ version: '0.1.0', ...german });
    await start();
    expect([shown(), document.documentElement.lang]).toEqual(['Nicht jetzt', 'de']);
    expect(document.title).toBe('Cloudopt auf Deutsch');
    await settled();
    expect(asked).toEqual([{ name: 'language.get', input: { known: 'de' } }]);
  });

  test.each([
    ['of another version', JSON.stringify({ version: '0.0.9', ...german })],
    ['cut short', '{"version":"0.1.0"'],
    ['of no language', JSON.stringify({ version: '0.1.0', choice: 'tlh', texts: {} })],
    ['with texts that are none', JSON.stringify({ version: '0.1.0', choice: 'de', texts: { not_now: 7 } })],
    ['of nothing', 'null'],
  ])('whose memory is %s asks before it renders', async (_what, memory) => {
    localStorage.setItem('language', memory);
    let release: (spoken: Spoken) => void = () => undefined;
    answer = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await start();
    await settled();
    expect(shown()).toBe('');
    expect(asked).toEqual([{ name: 'language.get', input: { known: null } }]);
    release(german);
    await settled();
    expect(shown()).toBe('Nicht jetzt');
    expect(remembered()).toEqual({ version: '0.1.0', ...german });
  });

  test('in a private window asks before it renders, and remembers for the next one there', async () => {
    incognito = true;
    answer = async (known) => (known === 'automatic' ? null : automatic);
    await start();
    expect(shown()).toBe('');
    await settled();
    expect(shown()).toBe('Not now');
    document.body.innerHTML = '<div id="app"></div>';
    await start();
    expect(shown()).toBe('Not now');
  });

  test('whose memory was emptied speaks the picked language as soon as it hears of it', async () => {
    answer = async () => german;
    await start();
    expect(shown()).toBe('Not now');
    await settled();
    expect([shown(), document.documentElement.lang]).toEqual(['Nicht jetzt', 'de']);
    expect(remembered()).toEqual({ version: '0.1.0', ...german });
  });

  test('follows when another language is picked, but keeps a title of its own', async () => {
    await start();
    await settled();
    document.title = 'Data · Cloudopt';
    answer = async () => german;
    for (const heard of listeners) heard('something else');
    await settled();
    expect(shown()).toBe('Not now');
    for (const heard of listeners) heard(LANGUAGE_CHANGED);
    await settled();
    expect([shown(), document.title]).toEqual(['Nicht jetzt', 'Data · Cloudopt']);
    answer = async () => automatic;
    for (const heard of listeners) heard(LANGUAGE_CHANGED);
    await settled();
    expect(shown()).toBe('Not now');
    expect(remembered()).toEqual({ version: '0.1.0', ...automatic });
  });

  test('renders in the browser’s language where the background does not answer', async () => {
    localStorage.setItem('language', 'null');
    answer = () => Promise.reject(new Error('gone'));
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    await start();
    await settled();
    expect(shown()).toBe('Not now');
    expect(warn).toHaveBeenCalledOnce();
  });
});

test('a question asks for the language first, and stays with it', async () => {
  answer = async () => german;
  await start('fixed');
  expect(shown()).toBe('');
  await settled();
  expect([shown(), document.documentElement.lang]).toEqual(['Nicht jetzt', 'de']);
  expect(listeners).toEqual([]);
});
