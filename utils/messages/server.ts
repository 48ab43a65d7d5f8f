import { errorText } from '../platform/error-text';
import { type Answers, type Envelope, type Input, inputs, type MessageName, onlyFrom } from './contract';

/** The parts of the browser's sender that trust rests on. */
export interface Sender {
  readonly id?: string | undefined;
  readonly url?: string | undefined;
  /** The tab that the page is in, as the browser says; none for the popup. */
  readonly tab?: { readonly id?: number | undefined; readonly incognito?: boolean | undefined } | undefined;
}

export type Handlers = { [N in MessageName]: (input: Input<N>, sender: Sender) => Promise<Answers[N]> };

/** Thrown by a handler where nothing can be done because there is no usable database. */
export class ClosedError extends Error {}

export interface Trust {
  readonly extensionId: string;
  /** `chrome-extension://ID/` or `moz-extension://UUID/`. */
  readonly origin: string;
}

/** The page's file name where the sender is one of our own pages, else `undefined`: a content script's URL is its page's. */
export function pageOf(sender: Sender, { extensionId, origin }: Trust): string | undefined {
  if (sender.id !== extensionId || !sender.url?.startsWith(origin)) return undefined;
  return new URL(sender.url).pathname.slice(1);
}

/** Answers one message, or refuses it; `undefined` where it is not one of ours at all. */
export async function serve(
  message: unknown,
  sender: Sender,
  trust: Trust,
  handlers: Handlers,
): Promise<Envelope<MessageName>> {
  const { name, input } = (typeof message === 'object' && message !== null ? message : {}) as {
    name?: unknown;
    input?: unknown;
  };
  if (typeof name !== 'string' || !Object.hasOwn(inputs, name)) {
    return { ok: false, error: 'bad-input', why: 'no such message' };
  }
  const known = name as MessageName;
  const page = pageOf(sender, trust);
  const allowed = page !== undefined && (onlyFrom[known]?.includes(page) ?? true);
  if (!allowed) return { ok: false, error: 'not-allowed', why: `${name} may not come from there` };
  const parsed = inputs[known].safeParse(input);
  if (!parsed.success) return { ok: false, error: 'bad-input', why: parsed.error.message };
  try {
    // The name chose both the schema and the handler.
    const handle = handlers[known] as (input: unknown, sender: Sender) => Promise<Answers[MessageName]>;
    return { ok: true, answer: await handle(parsed.data, sender) };
  } catch (error) {
    return { ok: false, error: error instanceof ClosedError ? 'closed' : 'failed', why: errorText(error) };
  }
}
