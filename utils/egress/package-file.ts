import browser from 'webextension-polyfill';

/**
 * Reads a JSON file of Cloudopt's own package. Nothing leaves the device: the address is one of the extension's own, and the
 * content security policy allows no other. It stands here because `fetch` may stand nowhere else.
 * Rejects where there is no such file, or it is no JSON.
 */
export async function readPackageFile(path: string): Promise<unknown> {
  const response = await fetch(browser.runtime.getURL(path));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}
