import { parseHost, type Scope } from '../utils/catalogue/scope';

/** What a person typed as the address of a server's folder. */
export type TypedServer =
  | {
      readonly kind: 'server';
      readonly url: string;
      readonly origin: string;
      readonly host: string;
      readonly scope: Scope;
    }
  /** Nothing yet, or only the beginning of `https://`. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'malformed' | 'not-https' | 'with-credentials' | 'with-query' };

/** Reads an address: HTTPS alone, which need not be typed; a path may follow, and ends with a slash. */
export function typedServer(raw: string): TypedServer {
  const typed = raw.trim();
  if ('https://'.startsWith(typed.toLowerCase())) return { kind: 'empty' };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(typed)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'https') return { kind: 'not-https' };
  const address = scheme === undefined ? `https://${typed}` : typed;
  if (!URL.canParse(address)) return { kind: 'malformed' };
  const url = new URL(address);
  if (url.username !== '' || url.password !== '') return { kind: 'with-credentials' };
  if (/[?#]/.test(typed)) return { kind: 'with-query' };
  const host = parseHost(url.hostname);
  if (host === undefined) return { kind: 'malformed' };
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return { kind: 'server', url: url.href, origin: url.origin, host, scope: `https://${host}/*` };
}
