/**
 * What a grant covers: `*` (all sites, or a capability that has no sites), or one site's origin pattern such as
 * `*://shop.example/*`. Match patterns carry no port.
 */
export type Scope = string;

export const ALL: Scope = '*';
/** What the browser is asked for where a scope is `*`: web pages, no files. */
export const ALL_ORIGINS = '*://*/*';

const HOST = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
/** What URLs may read as an IP address and spell anew (`127.1`, `0x7f.1`, `[0::1]`), or not take at all (`xn--a`). */
const MAYBE_OTHER = /(^|\.)(\d+|0x[0-9a-f]*)$|^\[|(^|\.)xn--/;
const PATTERN = /^(\*|https?):\/\/((?:\*\.)?)([^/]+)\/\*$/;

export interface Site {
  readonly scheme: '*' | 'http' | 'https';
  readonly subdomains: boolean;
  readonly host: string;
}

/** A host name or IP address in the form URLs carry it; `undefined` for anything else. */
export function parseHost(raw: string): string | undefined {
  const host = raw.toLowerCase();
  if (HOST.test(host)) return host;
  return /^\[[0-9a-f:.]{2,45}\]$/.test(host) ? host : undefined;
}

/** One site has one spelling, that of URLs: another would be a second grant of the same site, which a revocation misses. */
function isAsInUrls(rawHost: string): boolean {
  if (rawHost !== rawHost.toLowerCase()) return false;
  if (!MAYBE_OTHER.test(rawHost)) return true;
  const url = `http://${rawHost}/`;
  return URL.canParse(url) && new URL(url).hostname === rawHost;
}

/**
 * The site of an origin pattern, or `undefined` where it is `*` or malformed. That it is no wider than a site
 * (`*://*.com/*`) is for `isScope` of domains.ts to say: the list of public suffixes is large, and pages do without it.
 */
export function siteOf(scope: Scope): Site | undefined {
  const match = PATTERN.exec(scope);
  if (!match) return undefined;
  const [, scheme, wildcard, rawHost] = match as unknown as [string, Site['scheme'], string, string];
  const host = parseHost(rawHost);
  if (host === undefined || !isAsInUrls(rawHost)) return undefined;
  return { scheme, subdomains: wildcard !== '', host };
}

/** The narrowest scope that a page's URL has: its host, over HTTP and HTTPS. `undefined` for pages that are no website. */
export function scopeOfUrl(url: string): Scope | undefined {
  const host = hostOfUrl(url);
  return host === undefined ? undefined : `*://${host}/*`;
}

/** The host of a web page's URL, without port; `undefined` for anything but HTTP and HTTPS. */
export function hostOfUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  return parsed.protocol === 'http:' || parsed.protocol === 'https:' ? parseHost(parsed.hostname) : undefined;
}

/** Whether the scope covers pages of that host (schemes are the browser's to hold apart). */
export function covers(scope: Scope, host: string): boolean {
  if (scope === ALL) return true;
  const site = siteOf(scope);
  if (!site) return false;
  return site.host === host || (site.subdomains && host.endsWith(`.${site.host}`));
}

/** Whether everything that `narrow` covers is covered by `broad` too. */
export function within(narrow: Scope, broad: Scope): boolean {
  if (broad === ALL || broad === narrow) return true;
  const [inner, outer] = [siteOf(narrow), siteOf(broad)];
  if (!inner || !outer) return false;
  if (outer.scheme !== '*' && outer.scheme !== inner.scheme) return false;
  if (outer.host === inner.host) return outer.subdomains || !inner.subdomains;
  return outer.subdomains && inner.host.endsWith(`.${outer.host}`);
}

/** The host that a person would call the scope's site; `*` for all. */
export const scopeName = (scope: Scope): string => siteOf(scope)?.host ?? scope;
