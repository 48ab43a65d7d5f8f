/** Long answers over a port, in chunks of at most 1 MB; the next chunk is sent when the page asks for it. */
import {
  type StreamInput,
  type StreamItems,
  type StreamMessage,
  type StreamName,
  streamInputs,
} from '../messages/contract';
import { errorText } from '../platform/error-text';
import { consentRecords, ledgerBatches } from './consents';
import type { Core } from './core';
import { everything } from './everything';
import type { PortEvent } from './script-connections';

/** Characters of JSON that a chunk aims at. */
const CHUNK_CHARS = 512 * 1024;

/** The page's end of a stream, as `runtime.connect` gives it. */
export interface StreamPort {
  readonly name: string;
  postMessage(message: unknown): void;
  disconnect(): void;
  readonly onMessage: PortEvent<[unknown]>;
  readonly onDisconnect: PortEvent<[]>;
}

type Source<N extends StreamName> = AsyncGenerator<readonly StreamItems[N][], void, void>;

/** `undefined` for what JSON can't carry: a damaged row may hold anything that a database can. */
function jsonOf(item: object): string | undefined {
  try {
    return JSON.stringify(item);
  } catch {
    return undefined;
  }
}

export function streams(core: Core, started: Promise<unknown>): (port: StreamPort) => void {
  const sources: { [N in StreamName]: (input: StreamInput<N>) => Source<N> } = {
    records: ({ filter }) => core.openStatus().archive.all(filter),
    ledger: () => ledgerBatches(core.openStatus().database),
    'consent-records': () => consentRecords(core.openStatus().database),
    everything: () => everything(core),
  };

  async function serve(port: StreamPort, name: StreamName, raw: unknown, next: () => Promise<boolean>): Promise<void> {
    const send = (message: StreamMessage) => port.postMessage(message);
    const parsed = streamInputs[name].safeParse(raw);
    if (!parsed.success) return send({ kind: 'failed', why: parsed.error.message });
    await started;
    if (core.status.kind !== 'open') return send({ kind: 'failed', why: 'there is no usable database' });
    // The name chose both the schema and the source.
    const source = (sources[name] as (input: unknown) => Source<StreamName>)(parsed.data);
    let total = 0;
    let chunk: string[] = [];
    let chars = 0;
    const sendChunk = () => {
      send({ kind: 'chunk', items: `[${chunk.join(',')}]` });
      chunk = [];
      chars = 0;
    };
    for await (const batch of source) {
      for (const item of batch) {
        const json = jsonOf(item);
        // One damaged row must not keep all the others from the person.
        if (json === undefined) continue;
        chunk.push(json);
        chars += json.length;
        total += 1;
        if (chars < CHUNK_CHARS) continue;
        sendChunk();
        if (!(await next())) return;
      }
    }
    if (chunk.length > 0) {
      sendChunk();
      if (!(await next())) return;
    }
    if (parsed.data.purpose === 'export') {
      await core.openStatus().book.note('exported', 'person', { details: { what: name, items: total } });
    }
    send({ kind: 'end', total });
  }

  return (port) => {
    const name = port.name.slice('stream:'.length);
    if (!Object.hasOwn(streamInputs, name)) {
      port.disconnect();
      return;
    }
    let begun = false;
    let waiting: ((goesOn: boolean) => void) | undefined;
    let closed = false;
    const gone = () => {
      closed = true;
      // As in script-connections.ts: a port that is listened to stays.
      port.onMessage.removeListener(heard);
      port.onDisconnect.removeListener(gone);
      waiting?.(false);
    };
    const heard = (message: unknown) => {
      const { kind, input } = (message ?? {}) as { kind?: unknown; input?: unknown };
      if (kind === 'next') waiting?.(true);
      if (kind !== 'start' || begun) return;
      begun = true;
      const next = () =>
        new Promise<boolean>((resolve) => {
          waiting = resolve;
        });
      serve(port, name as StreamName, input, next).catch((error: unknown) => {
        // The page left in mid-stream: there is nobody to tell.
        if (closed) return;
        core.ports.report(error);
        port.postMessage({ kind: 'failed', why: errorText(error) });
      });
    };
    port.onMessage.addListener(heard);
    port.onDisconnect.addListener(gone);
  };
}
