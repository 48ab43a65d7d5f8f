import { describe, expect, test } from 'vitest';
import { downloadHandlers } from '../../../utils/background/download-handlers';
import type { DownloadInfo, RunningGuard } from '../../../utils/capabilities/capability';
import { Channel } from '../../../utils/leases/forwarder';

function asking(more: Partial<DownloadInfo> | undefined, on = true) {
  const did: string[] = [];
  const guard = new Channel<[use: (running: RunningGuard) => void]>();
  const running: RunningGuard = {
    judge: async ({ url }) => (url.includes('bad') ? 'phishing' : undefined),
    letThrough: (url) => void did.push(`let through ${url}`),
  };
  if (on) guard.add((use) => use(running));
  const download: DownloadInfo | undefined = more && {
    id: 7,
    url: 'https://bad.example/a.zip',
    fileName: 'a.zip',
    mime: '',
    incognito: false,
    state: 'in_progress',
    paused: false,
    exists: true,
    ...more,
  };
  const all = downloadHandlers({
    open: async () => undefined,
    guard,
    downloads: {
      find: async () => download,
      resume: async () => void did.push('resume'),
      begin: async (url) => void did.push(`begin ${url}`),
      discard: async () => {
        did.push('discard');
        if (download?.state === 'complete' && !download.exists) throw new Error('no file');
      },
    },
  });
  const ask = (name: keyof typeof all) => all[name]({ id: 7 }, {});
  return { ask, did };
}

describe('the page of a held download', () => {
  test.each<[string, Partial<DownloadInfo>]>([
    ['held', { paused: true }],
    ['held', { paused: true, state: 'interrupted' }],
    ['stopped', { state: 'interrupted' }],
    ['loading', {}],
    ['done', { state: 'complete' }],
    ['over', { state: 'complete', exists: false }],
  ])('is told that it is %s', async (state, download) => {
    expect(await asking(download).ask('download.get')).toEqual({
      kind: 'held',
      host: 'bad.example',
      fileName: 'a.zip',
      verdict: 'phishing',
      state,
    });
  });

  test('learns nothing of downloads that nobody is warned of', async () => {
    expect(await asking({ url: 'https://shop.example/a.zip' }).ask('download.get')).toEqual({ kind: 'gone' });
    expect(await asking(undefined).ask('download.get')).toEqual({ kind: 'gone' });
    expect(await asking({}, false).ask('download.get')).toEqual({ kind: 'off' });
  });

  test.each<[string[], Partial<DownloadInfo>]>([
    [['resume'], { paused: true }],
    [['let through https://bad.example/a.zip', 'begin https://bad.example/a.zip'], { state: 'interrupted' }],
    [[], { state: 'complete' }],
  ])('keeping does: %j', async (expected, download) => {
    const { ask, did } = asking(download);
    expect(await ask('download.keep')).toEqual({ kind: 'kept' });
    expect(did).toEqual(expected);
  });

  test('cancelling says where it did not work, and nothing is done while the guard is off', async () => {
    expect(await asking({}).ask('download.discard')).toEqual({ kind: 'discarded' });
    const gone = asking({ state: 'complete', exists: false });
    expect(await gone.ask('download.discard')).toEqual({ kind: 'failed', why: 'no file' });
    const off = asking({ paused: true }, false);
    expect(await off.ask('download.keep')).toEqual({ kind: 'gone' });
    expect(await off.ask('download.discard')).toMatchObject({ kind: 'failed' });
    expect(off.did).toEqual([]);
  });
});
