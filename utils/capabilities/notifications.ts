import { attach } from '../leases/forwarder';
import type { Lease } from '../leases/lease';
import type { World } from './capability';

const PREFIX = 'news-';

/** Tells, as a notification of the browser, what the person should know: policy changes, grants that ended by themselves. */
export async function start(lease: Lease<'notifications'>, { on, browser, report }: World): Promise<void> {
  const shown = new Set<string>();
  attach(on.news, lease.signal, ({ seq, title, body }) => {
    const id = `${PREFIX}${seq}`;
    const show = async () => {
      // The use is written first: nothing is shown that the fence no longer lets through.
      if ((await lease.write({ uses: 1 })).kind !== 'kept' || lease.signal.aborted) return;
      shown.add(id);
      await browser.notify(id, title, body);
    };
    show().catch(report);
  });
  attach(on.notificationClicked, lease.signal, (id) => {
    if (!id.startsWith(PREFIX)) return;
    browser.showOptions('history').catch(report);
    browser.clearNotification(id).catch(report);
  });
  lease.signal.addEventListener(
    'abort',
    () => {
      for (const id of shown) browser.clearNotification(id).catch(report);
    },
    { once: true },
  );
}
