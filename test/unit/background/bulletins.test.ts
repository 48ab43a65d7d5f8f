import { expect, test } from 'vitest';
import { dismiss, unread } from '../../../utils/background/bulletins';
import { bulletinNews } from '../../../utils/background/news';
import { type Bulletin, bulletins } from '../../../utils/policy/bulletins';
import { background, FakeBrowser } from '../../sim/fake-world';

const ids = bulletins.map((one) => one.id);

/** Starts a background and returns what it announced. */
async function started(browser: FakeBrowser) {
  const announced: Bulletin[] = [];
  const it = background(browser, { ports: { announced: (some) => void announced.push(...some) } });
  await it.core.start();
  await it.core.settled();
  return { database: it.core.openStatus().database, announced: announced.map((one) => one.id), errors: it.errors };
}

test('what comes with the installation is announced to nobody, and shown until it is dismissed', async () => {
  const browser = new FakeBrowser();
  const { database, announced } = await started(browser);
  expect(announced).toEqual([]);
  expect((await unread(database, 'en')).map((one) => one.id)).toEqual(ids);
  await dismiss(database, ids[0] ?? '');
  expect((await unread(database, 'en')).map((one) => one.id)).toEqual(ids.slice(1));
  database.close();
  expect((await unread((await started(browser)).database, 'en')).map((one) => one.id)).toEqual(ids.slice(1));
});

test('what comes with an update is announced once, also where the next start comes at once', async () => {
  const browser = new FakeBrowser();
  const first = await started(browser);
  // As a version that did not have them left it.
  await first.database.put('settings', { key: 'bulletins', known: [], dismissed: ['gone'] });
  first.database.close();
  const second = await started(browser);
  expect(second.announced).toEqual([...ids].reverse());
  second.database.close();
  expect((await started(browser)).announced).toEqual([]);
});

test('a row that does not parse counts as none, and is written anew', async () => {
  const browser = new FakeBrowser();
  const first = await started(browser);
  await first.database.put('settings', { key: 'bulletins', known: 'all' });
  first.database.close();
  const { database, announced } = await started(browser);
  expect(announced).toEqual([]);
  expect(await database.get('settings', 'bulletins')).toEqual({ key: 'bulletins', known: ids, dismissed: [] });
});

test('without a database all are shown', async () => {
  expect((await unread(undefined, 'xx')).map((one) => [one.id, one.language])).toEqual(ids.map((id) => [id, 'en']));
});

test('as a notification one has an id of its own kind', () => {
  const [bulletin] = bulletins;
  expect(bulletin && bulletinNews(bulletin, 'en')).toEqual({
    id: `bulletin-${bulletin?.id}`,
    title: bulletin?.texts.en?.title,
    body: bulletin?.texts.en?.text,
  });
});
