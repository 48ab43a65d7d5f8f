/** Scopes, hosts and addresses: parameters of pages, what a person types, what a page's own address says. */

import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { typedScope } from '../../components/site-field';
import { allowsScope, capabilityIds, isCapabilityId } from '../../utils/catalogue/catalogue';
import { isScope, registrableDomain } from '../../utils/catalogue/domains';
import { ALL, covers, hostOfUrl, parseHost, scopeOfUrl, siteOf, within } from '../../utils/catalogue/scope';
import { almostText, strangeText } from './mutations';
import { runs, TIMEOUT_MS } from './runs';

vi.mock('webextension-polyfill', () => import('../unit/components/fake-browser'));

const patterns = fc.oneof(
  almostText('*://shop.example/*'),
  almostText('https://*.shop.example/*'),
  almostText('*://SHOP.example/*'),
  almostText('*://127.0.0.1/*'),
  almostText('*://[::1]/*'),
  fc
    .tuple(
      fc.constantFrom('*', 'http', 'https', 'ftp', 'HTTP', ''),
      fc.constantFrom('', '*.', '**.', '*', '.'),
      fc.oneof(
        fc.domain(),
        fc.ipV4Extended(),
        fc.ipV6().map((ip) => `[${ip}]`),
        fc.webAuthority(),
      ),
      fc.constantFrom('/*', '/', '', '/*/*', ':80/*', '/*?x', '/*#x'),
    )
    .map(([scheme, wildcard, host, path]) => `${scheme}://${wildcard}${host}${path}`),
  fc.string({ unit: 'binary', maxLength: 60 }),
  strangeText,
);
const addresses = fc.oneof(
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  almostText('https://user:word@shop.example:8443/path?query#hash'),
  almostText('chrome-extension://ours/popup.html'),
  patterns,
);
const hosts = fc.oneof(fc.domain(), fc.ipV4(), fc.constantFrom('shop.example', 'www.shop.example', 'example', 'com'));

describe('a scope', () => {
  test(
    'that is taken is that of one site, spelled as addresses spell it, and covers no other',
    () => {
      fc.assert(
        fc.property(patterns, hosts, (raw, host) => {
          if (!isScope(raw)) return;
          if (raw === ALL) return;
          const site = siteOf(raw);
          expect(site).toBeDefined();
          if (!site) return;
          expect(new URL(`http://${site.host}/`).hostname).toBe(site.host);
          expect(raw).toContain(`${site.subdomains ? '*.' : '/'}${site.host}/*`);
          expect(raw).not.toMatch(/[\s?#@]/);
          if (!site.host.startsWith('[')) expect(raw.split('://')[1]).not.toContain(':');
          if (site.subdomains) expect(registrableDomain(site.host)).not.toBe('');
          if (covers(raw, host)) expect(host === site.host || host.endsWith(`.${site.host}`)).toBe(true);
          expect(within(raw, raw)).toBe(true);
          expect(within(ALL, raw)).toBe(false);
          for (const id of capabilityIds) expect(typeof allowsScope(id, raw)).toBe('boolean');
        }),
        runs(1000),
      );
    },
    TIMEOUT_MS,
  );

  test(
    'made of an address or of what was typed is one that is taken, of that very host; all else is none',
    () => {
      fc.assert(
        fc.property(addresses, (raw) => {
          for (const made of [scopeOfUrl(raw), typedScope(raw)]) {
            if (made === undefined) continue;
            expect(isScope(made)).toBe(true);
            expect(made).not.toBe(ALL);
            expect(siteOf(made)?.subdomains).toBe(false);
          }
          const host = hostOfUrl(raw);
          if (host === undefined) return;
          expect(['http:', 'https:']).toContain(new URL(raw).protocol);
          expect(parseHost(host)).toBe(host);
          expect(covers(scopeOfUrl(raw) ?? '', host)).toBe(true);
        }),
        runs(1000),
      );
    },
    TIMEOUT_MS,
  );
});

test(
  'a capability is one of the catalogue, whatever objects are made of',
  () => {
    fc.assert(
      fc.property(fc.oneof(strangeText, ...capabilityIds.map((id) => almostText(id))), (raw) => {
        expect(isCapabilityId(raw)).toBe((capabilityIds as readonly string[]).includes(raw));
      }),
      runs(500),
    );
  },
  TIMEOUT_MS,
);
