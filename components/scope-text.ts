import { type Scope, siteOf } from '../utils/catalogue/scope';
import { text } from '../utils/platform/text';

/** A scope as a person reads it: `all sites`, or the site's name. */
export function scopeText(scope: Scope): string {
  if (scope === '*') return text('scope_all');
  const site = siteOf(scope);
  if (!site) return scope;
  const name = site.subdomains ? text('scope_with_subdomains', site.host) : site.host;
  return site.scheme === '*' ? name : text('scope_scheme_only', name, site.scheme.toUpperCase());
}
