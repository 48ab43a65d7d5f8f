/** What needs the public suffix list (through tldts): kept apart, since the list outweighs all the rest of a page. */
import { getDomain, getPublicSuffix } from 'tldts';
import { ALL, siteOf } from './scope';

/** The registrable domain (`example.co.uk`), or the host itself where it has none (an IP address, `localhost`). */
export const registrableDomain = (host: string): string => getDomain(host, { allowPrivateDomains: true }) ?? host;

/**
 * Whether a grant may have this scope: `*`, or the pattern of one site, no wider than that
 * (`*://*.com/*`, `*://*.co.uk/*`, `*://*.github.io/*`: a wildcard over a public suffix).
 */
export function isScope(raw: string): boolean {
  if (raw === ALL) return true;
  const site = siteOf(raw);
  if (!site?.subdomains) return site !== undefined;
  const suffix = getPublicSuffix(site.host, { allowPrivateDomains: true });
  return suffix !== null && suffix !== site.host;
}
