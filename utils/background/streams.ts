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

/** Bytes of JSON that a chunk aims at. */
const CHUNK_BYTES = 512 * 1024;

/** The page's end of a stream, as `runtime.connect` gives it. */
export interface StreamPort {
  readonly name: string;
  postMessage(message: unknown): void;
  disconnect(): void;
  readonly onMessage: { addListener(heard: (message: unknown) => void): void };
  readonly onDisconnect: { addListener(heard: () => void): void };
}

type Source<N extends StreamName> = AsyncGenerator<readonly StreamItems[N][], void, void>;

/** Its size as JSON; `undefined` for what JSON can't carry: a damaged row may hold anything that a database can. */
function bytesOf(item: object): number | undefined {
  try {
    return JSON.stringify(item).length;
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
    const send = (message: StreamMessage<StreamName>) => port.postMessage(message);
    const parsed = streamInputs[name].safeParse(raw);
    if (!parsed.success) return send({ kind: 'failed', why: parsed.error.message });
    await started;
    if (core.status.kind !== 'open') return send({ kind: 'failed', why: 'there is no usable database' });
    // The name chose both the schema and the source.
    const source = (sources[name] as (input: unknown) => Source<StreamName>)(parsed.data);
    let total = 0;
    let chunk: StreamItems[StreamName][] = [];
    let bytes = 0;
    for await (const batch of source) {
      for (const item of batch) {
        const size = bytesOf(item);
        // One damaged row must not keep all the others from the person.
        if (size === undefined) continue;
        chunk.push(item);
        bytes += size;
        total += 1;
        if (bytes < CHUNK_BYTES) continue;
        send({ kind: 'chunk', items: chunk });
        chunk = [];
        bytes = 0;
        if (!(await next())) return;
      }
    }
    if (chunk.length > 0) {
      send({ kind: 'chunk', items: chunk });
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
    port.onDisconnect.addListener(() => {
      closed = true;
      waiting?.(false);
    });
    port.onMessage.addListener((message) => {
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
    });
  };
}
