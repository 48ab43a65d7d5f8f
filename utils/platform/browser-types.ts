/** The browser as the rest of the code sees it: small ports, so that tests and the simulation can put their own in place. */

/** What the browser holds for us, or what is asked of it. Arrays are never missing and are sorted. */
export interface Held {
  readonly permissions: readonly string[];
  readonly origins: readonly string[];
  readonly dataCollection: readonly string[];
}

export interface PermissionsPort {
  held(): Promise<Held>;
  /** Asks the browser to drop them. Its answer is not trusted (it says `true` where nothing was removed): ask `held`. */
  drop(what: Held): Promise<void>;
}

/** A key-value area of the browser: `storage.local` or `storage.session`. Values are parsed by whoever reads them. */
export interface Area {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  remove(key: string): Promise<void>;
}

/** What an organisation has set for this extension. */
export interface ManagedPort {
  /** All of it, unparsed; empty where nothing is set. Rejects where the browser can't say. */
  read(): Promise<unknown>;
}

export interface AlarmsPort {
  /** Replaces the alarm of that name. */
  at(name: string, whenMs: number): Promise<void>;
  every(name: string, periodMinutes: number): Promise<void>;
  clear(name: string): Promise<void>;
}

export interface ContentScript {
  readonly id: string;
  readonly file: string;
  readonly matches: readonly string[];
  readonly excludeMatches: readonly string[];
  /** Which of the open pages that it matches get it at once. */
  wants(url: string): boolean;
}

export interface ScriptsPort {
  /** Registers or replaces the script; it does not outlive the browser's session. */
  register(script: ContentScript): Promise<void>;
  /** Takes off the script if it is registered. */
  unregister(id: string): Promise<void>;
  registered(): Promise<readonly string[]>;
  /** Runs a registered script now in the open pages that it matches, so that a grant need not wait for a reload. */
  runInOpenPages(script: ContentScript): Promise<void>;
}

export interface LocksPort {
  /** Runs the task while the Web Lock is held exclusively; waits for it. */
  exclusively<T>(name: string, task: () => Promise<T>): Promise<T>;
  held(name: string): Promise<boolean>;
}

/** A blocking rule, as far as we make any ourselves. */
export interface NetRule {
  readonly id: number;
  readonly priority: number;
  readonly action: {
    readonly type: 'block' | 'allow' | 'allowAllRequests' | 'redirect';
    readonly redirect?: { readonly extensionPath: string };
  };
  readonly condition: {
    readonly requestDomains?: readonly string[];
    readonly initiatorDomains?: readonly string[];
    readonly resourceTypes?: readonly string[];
    readonly excludedResourceTypes?: readonly string[];
    readonly tabIds?: readonly number[];
  };
}

/**
 * The browser's blocking rules. Changes run in turn, and one whose signal has aborted does nothing: nothing is switched on
 * behind a `takeDown`.
 */
export interface RulesPort {
  /** Ids of the package's rulesets that are on. */
  enabled(): Promise<readonly string[]>;
  /** Switches exactly these on. */
  enableOnly(ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** Rules that outlive the browser's session: replaces them all. */
  setDynamic(rules: readonly NetRule[], signal: AbortSignal): Promise<void>;
  session(): Promise<readonly NetRule[]>;
  /** Rules that end with the browser's session: what `change` makes of them. */
  changeSession(change: (rules: readonly NetRule[]) => readonly NetRule[], signal: AbortSignal): Promise<void>;
  /** Rulesets off, own rules gone. Resolves once that is so. */
  takeDown(): Promise<void>;
}

export const emptyHeld: Held = { permissions: [], origins: [], dataCollection: [] };

export const isEmpty = (what: Held): boolean =>
  what.permissions.length === 0 && what.origins.length === 0 && what.dataCollection.length === 0;
