/** A background with its answers and streams on a browser in memory, and a look at its database that is not through our code. */

import { handlers } from '../../utils/background/handlers';
import { languages } from '../../utils/background/languages';
import { streams } from '../../utils/background/streams';
import { capabilityIds } from '../../utils/catalogue/catalogue';
import { type Handlers, type Sender, serve, type Trust } from '../../utils/messages/server';
import type { Database } from '../../utils/storage/database';
import { background, FakeBrowser } from '../sim/fake-world';
import { quietPorts } from '../unit/background/handler-ports';

export const trust: Trust = { extensionId: 'ours', origin: 'chrome-extension://ours/' };

export async function world(browser = new FakeBrowser()) {
  const it = background(browser);
  const { core } = it;
  const started = core.start();
  await core.swept();
  const supported = (id: string) => (capabilityIds as readonly string[]).includes(id);
  const answers = handlers({ ...quietPorts({ core, started }), supported });
  const spoken = languages({
    local: browser.local,
    read: async () => ({}),
    speak: () => undefined,
    changed: () => undefined,
    report: core.ports.report,
  });
  const all: Handlers = { ...answers, ...spoken.answers };
  return {
    ...it,
    browser,
    ask: (message: unknown, sender: Sender) => serve(message, sender, trust, all),
    /** Reads a stream to its end, as a page does. @returns how it ended. */
    read: (name: string, input: unknown) => readStream(streams(core, started), name, input),
  };
}

export type FuzzWorld = Awaited<ReturnType<typeof world>>;

function readStream(connect: ReturnType<typeof streams>, name: string, input: unknown): Promise<string> {
  return new Promise((resolve) => {
    let heard: (message: unknown) => void = () => undefined;
    let left: () => void = () => undefined;
    connect({
      name: `stream:${name}`,
      postMessage: (message) => {
        const { kind } = message as { kind: string };
        if (kind === 'chunk') queueMicrotask(() => heard({ kind: 'next' }));
        else resolve(kind);
      },
      disconnect: () => {
        left();
        resolve('cut');
      },
      onMessage: {
        addListener: (listener) => {
          heard = listener;
        },
        removeListener: () => undefined,
      },
      onDisconnect: {
        addListener: (listener) => {
          left = listener;
        },
        removeListener: () => undefined,
      },
    });
    heard({ kind: 'start', input });
  });
}

/** Every row of every store. */
export async function dump(database: Database): Promise<Record<string, unknown[]>> {
  const names = [...database.objectStoreNames];
  const transaction = database.transaction(names);
  const rows = await Promise.all(names.map((name) => transaction.objectStore(name).getAll()));
  return Object.fromEntries(names.map((name, index) => [name, rows[index] ?? []]));
}
