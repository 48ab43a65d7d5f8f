import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LANGUAGE_KEY, languages } from '../../../utils/background/languages';
import type { Texts } from '../../../utils/platform/languages';

const packaged = async (path: string): Promise<unknown> => JSON.parse(readFileSync(`public/${path}`, 'utf8'));

function world(kept?: unknown, read: (path: string) => Promise<unknown> = packaged) {
  const stored = new Map<string, unknown>(kept === undefined ? [] : [[LANGUAGE_KEY, kept]]);
  const seen = { texts: null as Texts | null, changed: 0, errors: [] as unknown[], read: [] as string[], full: false };
  const it = languages({
    local: {
      get: async (key) => stored.get(key),
      set: async (key, value) => {
        if (seen.full) throw new Error('full');
        stored.set(key, value);
      },
    },
    read: (path) => {
      seen.read.push(path);
      return read(path);
    },
    speak: (texts) => {
      seen.texts = texts;
    },
    changed: () => {
      seen.changed += 1;
    },
    report: (error) => seen.errors.push(error),
  });
  const get = (known: Parameters<(typeof it.answers)['language.get']>[0]['known']) =>
    it.answers['language.get']({ known }, {});
  const set = (choice: Parameters<(typeof it.answers)['language.set']>[0]['choice']) =>
    it.answers['language.set']({ choice }, {});
  return { it, seen, stored, get, set };
}

describe('the language that was picked', () => {
  test('is the browser’s until one is, and no file is read for that', async () => {
    const w = world();
    await w.it.ready;
    expect(await w.get(null)).toEqual({ choice: 'automatic', texts: null });
    expect(await w.get('automatic')).toBeNull();
    expect(w.seen).toMatchObject({ texts: null, read: [], errors: [] });
  });

  test('is spoken, kept, and told to pages at once', async () => {
    const w = world();
    const spoken = await w.set('de');
    expect(spoken.choice).toBe('de');
    expect(spoken.texts?.allow).toBe('Erlauben');
    expect(w.seen.texts).toEqual(spoken.texts);
    expect(w.stored.get(LANGUAGE_KEY)).toBe('de');
    expect(w.seen.changed).toBe(1);
    expect(await w.get('automatic')).toEqual(spoken);
    expect(await w.get('de')).toBeNull();
    expect(await w.set('automatic')).toEqual({ choice: 'automatic', texts: null });
    expect(w.seen.texts).toBeNull();
    expect(w.stored.get(LANGUAGE_KEY)).toBe('automatic');
  });

  test('is spoken again after a restart, before anything is answered', async () => {
    const w = world('de');
    expect((await w.get(null))?.texts?.language_tag).toBe('de');
    expect(w.seen.texts?.language_tag).toBe('de');
  });

  test.each([['tlh'], ['../en'], [7], [{ choice: 'de' }], [null]])(
    'is the browser’s where %j is kept',
    async (kept) => {
      const w = world(kept);
      await w.it.ready;
      expect(await w.get(null)).toEqual({ choice: 'automatic', texts: null });
      expect(w.seen.read).toEqual([]);
    },
  );

  test('stays as it was where its texts can’t be read, or are none', async () => {
    for (const broken of [
      Promise.reject(new Error('404')),
      Promise.resolve({ allow: 'Erlauben' }),
      Promise.resolve([]),
    ]) {
      broken.catch(() => undefined);
      const w = world('automatic', () => broken);
      await expect(w.set('de')).rejects.toThrow();
      expect(await w.get('automatic')).toBeNull();
      expect(w.stored.get(LANGUAGE_KEY)).toBe('automatic');
      expect(w.seen).toMatchObject({ texts: null, changed: 0 });
    }
  });

  test('stays as it was where the choice can’t be kept', async () => {
    const w = world('de');
    w.seen.full = true;
    await expect(w.set('en')).rejects.toThrow('full');
    expect(await w.get('de')).toBeNull();
    expect(w.seen.texts?.language_tag).toBe('de');
    expect(w.seen.changed).toBe(0);
  });

  test('is the browser’s, and the error is reported, where the start can’t read it', async () => {
    const w = world('de', () => Promise.reject(new Error('404')));
    await w.it.ready;
    expect(w.seen.errors).toHaveLength(1);
    expect(await w.get(null)).toEqual({ choice: 'automatic', texts: null });
  });

  test('of two picked at once is the later one, kept and spoken alike', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const w = world(undefined, async (path) => {
      if (path.includes('/de/')) await held;
      return packaged(path);
    });
    const both = [w.set('de'), w.set('en')];
    release();
    await Promise.all(both);
    expect(w.stored.get(LANGUAGE_KEY)).toBe('en');
    expect(w.seen.texts?.language_tag).toBe('en');
  });
});
