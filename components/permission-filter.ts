/** Which capabilities the permissions page shows: by state, and by site. */
import { type CapabilityId, capability } from '../utils/catalogue/catalogue';
import { covers, parseHost, type Scope } from '../utils/catalogue/scope';
import type { CapabilityView, State } from '../utils/messages/contract';
import type { TextKey } from '../utils/platform/text';
import { whereText } from './grant-text';

type Undurable = State['undurable'];

const has = (view: CapabilityView, ...states: readonly string[]): boolean =>
  view.scopes.some((scope) => states.includes(scope.state));

const needsAttention = (view: CapabilityView, undurable: Undurable): boolean =>
  has(view, 'revoked-but-held') || undurable.some((one) => one.capability === view.id);

interface Filter {
  readonly word: TextKey;
  fits(view: CapabilityView, undurable: Undurable): boolean;
}

/** In the order in which they are offered. Their names stand in the page's address. */
export const permissionFilters = {
  all: { word: 'filter_all', fits: () => true },
  on: { word: 'state_granted', fits: (view) => has(view, 'granted') },
  off: {
    word: 'state_off',
    fits: (view, undurable) => !has(view, 'granted', 'paused') && !needsAttention(view, undurable),
  },
  'never-asked': { word: 'filter_never_asked', fits: (view) => view.state === 'off' },
  refused: { word: 'state_refused', fits: (view) => has(view, 'refused', 'never') },
  ended: { word: 'filter_ended', fits: (view) => has(view, 'revoked', 'expired', 'revoked-but-held') },
  paused: { word: 'state_paused', fits: (view) => has(view, 'paused') },
  attention: { word: 'filter_attention', fits: needsAttention },
  barred: { word: 'filter_barred', fits: ({ state }) => state === 'forbidden' || state === 'unsupported' },
} as const satisfies Record<string, Filter>;

export type PermissionFilter = keyof typeof permissionFilters;
export const permissionFilterNames = Object.keys(permissionFilters) as PermissionFilter[];

/** The filter in the page's address, `#permissions/on`; an address is outside input. */
export const filterOfHash = (hash: string): PermissionFilter =>
  permissionFilterNames.find((name) => hash === `#permissions/${name}`) ?? 'all';

/** The address of one permission on the permissions page. */
export const permissionAddress = (id: CapabilityId, scope: Scope): string =>
  `/options.html#permissions/of/${id}/${encodeURIComponent(scope)}`;

/** The permission in the page's address, as {@link permissionAddress} wrote it, among those that there are. */
export const permissionOfHash = (
  hash: string,
  views: readonly CapabilityView[],
): { capability: CapabilityId; scope: Scope } | undefined =>
  views
    .flatMap((view) => view.scopes.map(({ scope }) => ({ capability: view.id, scope })))
    .find(({ capability: id, scope }) => permissionAddress(id, scope) === `/options.html${hash}`);

/** Whether a permission has to do with what was typed as a site: it is named so, or it covers that host. */
export function fitsSite(id: CapabilityId, scope: Scope, typed: string): boolean {
  const word = typed.trim().toLowerCase();
  if (word === '') return true;
  if (whereText(id, scope)?.toLowerCase().includes(word)) return true;
  const { sites } = capability(id);
  // Without a dot it is still being typed.
  const host = word.includes('.') ? parseHost(word) : undefined;
  return host !== undefined && (sites === 'choose' || sites === 'all') && covers(scope, host);
}

/** The capabilities that fit both. */
export const filtered = (
  views: readonly CapabilityView[],
  undurable: Undurable,
  filter: PermissionFilter,
  site: string,
): CapabilityView[] =>
  views.filter(
    (view) =>
      permissionFilters[filter].fits(view, undurable) &&
      (site.trim() === '' || view.scopes.some(({ scope }) => fitsSite(view.id, scope, site))),
  );
