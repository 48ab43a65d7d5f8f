import * as z from 'zod/mini';
import type { Verdict } from '../catalogue/lists';
import { hostOfUrl } from '../catalogue/scope';
import { attach } from '../leases/forwarder';
import type { Lease } from '../leases/lease';
import type { DownloadInfo, World } from './capability';

/** Files that run, or that install what runs, on any of the systems that the browsers run on. */
const PROGRAM =
  /\.(exe|msi|msix|msixbundle|appx|appxbundle|bat|cmd|com|scr|pif|ps1|vbs|wsf|hta|cpl|reg|jar|dmg|pkg|mpkg|app|command|deb|rpm|appimage|flatpakref|snap|run|sh|apk|xapk|xpi|crx)$/i;
const PROGRAM_TYPES: readonly string[] = [
  'application/vnd.android.package-archive',
  'application/vnd.debian.binary-package',
  'application/vnd.microsoft.portable-executable',
  'application/x-apple-diskimage',
  'application/x-debian-package',
  'application/x-executable',
  'application/x-ms-dos-executable',
  'application/x-msdos-program',
  'application/x-msdownload',
  'application/x-msi',
  'application/x-redhat-package-manager',
  'application/x-rpm',
  'application/x-sh',
  'application/x-xpinstall',
];
/** Never leaves this device, so nobody on the way can change it. */
const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;

const hostLists = z.object({ malicious: z.array(z.string()), phishing: z.array(z.string()) });
interface BadHosts {
  readonly malicious: ReadonlySet<string>;
  readonly phishing: ReadonlySet<string>;
}

/** Holds a download from a bad host, or a program that comes over plain HTTP, and shows why. The person decides. */
export async function start(lease: Lease<'download-guard'>, { on, browser, clock, ids, report }: World): Promise<void> {
  let reading: Promise<BadHosts> | undefined;
  /** Read once something is downloaded: a background that wakes for anything else does without. */
  const badHosts = () => {
    reading ??= browser.badHosts().then((raw) => {
      const { malicious, phishing } = hostLists.parse(raw);
      return { malicious: new Set(malicious), phishing: new Set(phishing) };
    });
    reading.catch(() => {
      reading = undefined;
    });
    return reading;
  };
  const judge = async (download: Pick<DownloadInfo, 'url' | 'fileName' | 'mime'>) =>
    verdictOn(download, await badHosts());
  const wished = new Set<string>();
  /** Shown already, so that the file's name, which comes later, doesn't show it again. */
  const warned = new Set<number>();

  async function look(id: number): Promise<void> {
    const download = await browser.findDownload(id);
    if (!download || warned.has(id) || lease.signal.aborted) return;
    if (wished.delete(download.url)) {
      warned.add(id);
      return;
    }
    const verdict = await judge(download);
    if (verdict === undefined || warned.has(id)) return;
    warned.add(id);
    const host = hostOfUrl(download.url);
    // The record is written first: nothing is held that the fence no longer lets through. From private windows none is.
    const record = host === undefined || download.incognito ? [] : [{ host, verdict }];
    const written = await lease.write({
      uses: 1,
      records: record.map(({ host: site, verdict: found }) => ({
        key: ids.fresh(),
        site,
        atMs: clock.nowMs(),
        data: { verdict: found },
      })),
    });
    // A full disk keeps no record, and is no reason not to warn.
    if (written.kind === 'stale-lease' || lease.signal.aborted) return;
    await browser.pauseDownload(id);
    await browser.showDownload(id);
  }

  attach(on.downloadCreated, lease.signal, ({ id }) => void look(id).catch(report));
  // Chromium tells the file's name later, and with it what the file is.
  attach(on.downloadChanged, lease.signal, ({ id, filename }) => {
    if (filename !== undefined) look(id).catch(report);
  });
  attach(on.downloads, lease.signal, (use) => use({ judge, letThrough: (url) => void wished.add(url) }));
}

/** Whether a download should be warned of, and why; the graver reason first. */
export function verdictOn(
  { url, fileName, mime }: Pick<DownloadInfo, 'url' | 'fileName' | 'mime'>,
  bad: BadHosts,
): Verdict | undefined {
  const host = hostOfUrl(url);
  if (host === undefined) return undefined;
  for (const list of ['malicious', 'phishing'] as const) {
    if (upwards(host).some((name) => bad[list].has(name))) return list;
  }
  const { protocol, pathname } = new URL(url);
  if (protocol !== 'http:' || LOOPBACK.test(host)) return undefined;
  const isProgram =
    PROGRAM.test(fileName) || PROGRAM.test(pathname) || PROGRAM_TYPES.includes(mime.split(';')[0]?.trim() ?? '');
  return isProgram ? 'program-over-http' : undefined;
}

/** `a.b.example`, `b.example`, `example`: a list's entry stands for what lies below it. */
function upwards(host: string): string[] {
  const names = [host];
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) names.push(host.slice(dot + 1));
  return names;
}
