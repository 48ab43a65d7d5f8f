import { attach } from '../leases/forwarder';
import type { Lease } from '../leases/lease';
import type { World } from './capability';

/** Which section of the options page says more, by how the notification's id begins. */
const sections = { 'news-': 'history', 'bulletin-': 'permissions' } as const;

/** Tells, as a notification of the browser, what the person should know: policy changes, incidents, grants that ended by themselves. */
export async function start(lease: Lease<'notifications'>, { on, browser, report }: World): Promise<void> {
  const shown = new Set<string>();
  attach(on.news, lease.signal, ({ id, title, body }) => {
    const show = async () => {
      // The use is written first: nothing is shown that the fence no longer lets through.
      if ((await lease.write({ uses: 1 })).kind !== 'kept' || lease.signal.aborted) return;
      shown.add(id);
      await browser.notify(id, title, body);
    };
    show().catch(report);
  });
  attach(on.notificationClicked, lease.signal, (id) => {
    const section = Object.entries(sections).find(([prefix]) => id.startsWith(prefix))?.[1];
    if (section === undefined) return;
    browser.showOptions(section).catch(report);
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
