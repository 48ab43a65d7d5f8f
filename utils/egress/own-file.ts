/**
 * Reads a JSON file of the package itself. It stands here because `fetch` may stand nowhere else; it takes a path, and the
 * browser's own base makes an address of it, so that it can't lead off the device.
 */
import { browser } from '../platform/browser';
import { invariant } from '../platform/invariant';

export async function readOwnFile(path: `rulesets/${string}.json`): Promise<unknown> {
  const base = browser.runtime.getURL('');
  const url = browser.runtime.getURL(path);
  invariant(url.startsWith(base), 'a file of the package');
  return (await fetch(url)).json();
}
