/** Answers to the page that asks about a held download. What it shows is judged anew each time: nothing is remembered. */
import type { DownloadInfo, RunningGuard } from '../capabilities/capability';
import { hostOfUrl } from '../catalogue/scope';
import type { Channel } from '../leases/forwarder';
import type { HeldDownload } from '../messages/contract';
import type { Handlers } from '../messages/server';
import { errorText } from '../platform/error-text';

export interface DownloadsPort {
  find(id: number): Promise<DownloadInfo | undefined>;
  resume(id: number): Promise<void>;
  /** Downloads it from the beginning. */
  begin(url: string): Promise<void>;
  /** Stops it, removes what has arrived, and takes it off the browser's list. */
  discard(id: number): Promise<void>;
}

interface Ports {
  open(): Promise<unknown>;
  readonly guard: Channel<[use: (running: RunningGuard) => void]>;
  readonly downloads: DownloadsPort;
}

function stateOf({ state, paused, exists }: DownloadInfo): HeldDownload['state'] {
  if (state === 'complete') return exists ? 'done' : 'over';
  if (paused) return 'held';
  return state === 'in_progress' ? 'loading' : 'stopped';
}

export function downloadHandlers({
  open,
  guard,
  downloads,
}: Ports): Pick<Handlers, 'download.get' | 'download.keep' | 'download.discard'> {
  function now(): RunningGuard | undefined {
    let found: RunningGuard | undefined;
    guard.emit((one) => {
      found = one;
    });
    return found;
  }

  return {
    'download.get': async ({ id }) => {
      await open();
      const running = now();
      if (!running) return { kind: 'off' };
      const download = await downloads.find(id);
      const verdict = download && (await running.judge(download));
      if (!download || !verdict) return { kind: 'gone' };
      const { url, fileName } = download;
      return { kind: 'held', host: hostOfUrl(url) ?? null, fileName, verdict, state: stateOf(download) };
    },
    'download.keep': async ({ id }) => {
      await open();
      const running = now();
      const download = running && (await downloads.find(id));
      if (!download) return { kind: 'gone' };
      try {
        if (download.paused) await downloads.resume(id);
        else if (download.state === 'interrupted') {
          // Firefox can't pause what the site can't continue: it stops it. What is kept then begins anew.
          running.letThrough(download.url);
          await downloads.begin(download.url);
        }
        return { kind: 'kept' };
      } catch (error) {
        return { kind: 'failed', why: errorText(error) };
      }
    },
    'download.discard': async ({ id }) => {
      await open();
      if (!now()) return { kind: 'failed', why: 'the download guard is off' };
      try {
        await downloads.discard(id);
        return { kind: 'discarded' };
      } catch (error) {
        return { kind: 'failed', why: errorText(error) };
      }
    },
  };
}
