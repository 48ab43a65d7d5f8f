/** A browser event as the forwarder needs it; the real ones of `browser.*` fit. */
export interface EventSource<A extends unknown[]> {
  addListener(listener: (...args: A) => void): void;
  removeListener(listener: (...args: A) => void): void;
}

export type Heard<A extends unknown[]> = (...args: A) => void;

/** How often, and how many times, an API that is not there yet is looked for again. */
const AGAIN_MS = 100;
const TRIES = 50;

/**
 * Stands between one browser event and the leases. It is registered in the background's first turn, since a listener
 * added later never wakes a stopped background; it waits for the start, hands the event to whoever attached, or drops
 * it unread; and with nobody attached after the start it takes itself off.
 */
export class Forwarder<A extends unknown[]> {
  readonly #attached = new Set<Heard<A>>();
  #registeredOn: EventSource<A> | undefined;
  #settled = false;

  /** @param source looked up late: an API of an optional permission appears only with the grant. */
  constructor(
    private readonly source: () => EventSource<A> | undefined,
    private readonly started: Promise<unknown>,
  ) {
    this.#register();
    started.then(
      () => this.#settle(),
      () => this.#settle(),
    );
  }

  readonly #forward = (...args: A): void => {
    this.started.then(
      () => {
        for (const heard of this.#attached) heard(...args);
      },
      // A failed start leaves nothing live: the event is dropped unread.
      () => undefined,
    );
  };

  #register(): void {
    if (this.#registeredOn) return;
    this.#registeredOn = this.source();
    this.#registeredOn?.addListener(this.#forward);
  }

  /** Firefox's API may appear a moment after the permission is held. */
  #registerSoon(triesLeft: number): void {
    if (this.#registeredOn || this.#attached.size === 0 || triesLeft === 0) return;
    setTimeout(() => {
      if (this.#attached.size === 0) return;
      this.#register();
      this.#registerSoon(triesLeft - 1);
    }, AGAIN_MS);
  }

  #settle(): void {
    this.#settled = true;
    if (this.#attached.size === 0) this.#takeOff();
  }

  #takeOff(): void {
    this.#registeredOn?.removeListener(this.#forward);
    this.#registeredOn = undefined;
  }

  get attached(): number {
    return this.#attached.size;
  }

  get registered(): boolean {
    return this.#registeredOn !== undefined;
  }

  add(heard: Heard<A>): void {
    this.#attached.add(heard);
    this.#register();
    this.#registerSoon(TRIES);
  }

  delete(heard: Heard<A>): void {
    this.#attached.delete(heard);
    if (this.#settled && this.#attached.size === 0) this.#takeOff();
  }
}

/** An event of our own making, heard the same way: `emit` reaches whoever is attached at that moment. */
export class Channel<A extends unknown[]> {
  readonly #attached = new Set<Heard<A>>();

  emit(...args: A): void {
    for (const heard of [...this.#attached]) heard(...args);
  }

  add(heard: Heard<A>): void {
    this.#attached.add(heard);
  }

  delete(heard: Heard<A>): void {
    this.#attached.delete(heard);
  }

  get attached(): number {
    return this.#attached.size;
  }
}

interface Attachable<A extends unknown[]> {
  add(heard: Heard<A>): void;
  delete(heard: Heard<A>): void;
}

/** Attaches until the signal aborts: the signal is the only off switch. */
export function attach<A extends unknown[]>(to: Attachable<A>, signal: AbortSignal, heard: Heard<A>): void {
  signal.throwIfAborted();
  to.add(heard);
  signal.addEventListener('abort', () => to.delete(heard), { once: true });
}
