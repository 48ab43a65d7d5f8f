/** Content scripts are strangers: a connection is heard only from a top site that a live lease covers, never privately. */
import type { ScriptConnection, Sources } from '../capabilities/capability';
import { hostOfUrl } from '../catalogue/scope';
import { Channel } from '../leases/forwarder';
import type { Core } from './core';

/** What a port tells of; a browser's own fits. */
export interface PortEvent<A extends unknown[]> {
  addListener(heard: (...args: A) => void): void;
  removeListener(heard: (...args: A) => void): void;
}

interface ScriptPort {
  readonly sender?:
    | {
        readonly id?: string | undefined;
        readonly tab?: { readonly url?: string | undefined; readonly incognito: boolean } | undefined;
      }
    | undefined;
  postMessage(message: unknown): void;
  disconnect(): void;
  readonly onMessage: PortEvent<[unknown]>;
  readonly onDisconnect: PortEvent<[]>;
}

export interface ConnectionPorts {
  readonly core: Core;
  readonly started: Promise<unknown>;
  readonly extensionId: string;
  readonly connected: Sources['connected'];
  /** Told when it was cut from here, which the port itself tells nobody. */
  closed(): void;
  report(error: unknown): void;
}

/** The forwarder of `runtime.onConnect` for site insight: waits for the start, then a lease hears it or it is refused. */
export function scriptConnected(
  port: ScriptPort,
  { core, started, extensionId, connected, closed: cutOff, report }: ConnectionPorts,
): void {
  const messages: ScriptConnection['messages'] = new Channel();
  const closed: ScriptConnection['closed'] = new Channel();
  let open = true;
  const heard = (message: unknown) => messages.emit(message);
  const gone = () => {
    open = false;
    // Firefox keeps a port for as long as anybody listens to it, closed or not: five kilobytes a visit.
    port.onMessage.removeListener(heard);
    port.onDisconnect.removeListener(gone);
    closed.emit();
  };
  port.onMessage.addListener(heard);
  port.onDisconnect.addListener(gone);
  const send = (message: unknown) => {
    if (open) port.postMessage(message);
  };
  const cut = () => {
    if (!open) return;
    port.disconnect();
    cutOff();
    gone();
  };
  started
    .then(() => {
      if (!open) return;
      const tab = port.sender?.tab;
      // The tab's address is visible only where its site is granted: a granted frame in another site's page is not heard.
      const site = port.sender?.id === extensionId && tab && !tab.incognito ? hostOfUrl(tab.url ?? '') : undefined;
      const lease = site === undefined ? undefined : core.office.leaseFor('site-insight', site);
      if (site === undefined || !lease) {
        send({ kind: 'halt' });
        cut();
        return;
      }
      connected.emit(lease, { site, send, cut, messages, closed });
    })
    .catch((error: unknown) => {
      report(error);
      cut();
    });
}
