import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ask, buildOf, held, launch, until, wantedBrowsers } from './cloudopt';

describe.runIf(wantedBrowsers().includes('firefox'))("Firefox's own question at the install", () => {
  test('ticks a data collection type by itself: handed back, written down, told', async () => {
    const profile = mkdtempSync(path.join(tmpdir(), 'cloudopt-profile-'));
    try {
      // The build that lists `technicalAndInteraction` among what is optional: Firefox ticks it.
      const extensionDir = buildOf('firefox');
      const browser = await launch('firefox', { profile, persistent: true, extensionDir, installByPerson: true });
      try {
        const page = await browser.open('options.html');
        const news = async () => (await ask(page, 'state.get', {})).news;
        await until(async () => (await news()).length > 0, 'told');
        expect(await news()).toMatchObject([
          { kind: 'handed-back', by: 'browser', details: { permissions: ['technicalAndInteraction'] } },
        ]);
        expect((await held(page)).data_collection).toEqual([]);
      } finally {
        await browser.close();
      }
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
