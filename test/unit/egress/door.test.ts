import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Door, QUIET_WAIT_MS } from '../../../utils/egress/door';
import type { Lease } from '../../../utils/leases/lease';

interface Asked {
  readonly mode: 'shared' | 'exclusive';
  readonly signal?: AbortSignal;
  readonly steal?: boolean;
}

/** Web Locks as the specification has them, for one name after another. */
class Locks {
  #holders: { mode: Asked['mode']; stolen: () => void }[] = [];
  #waiting: { mode: Asked['mode']; start: () => void }[] = [];

  request = async (
    _name: string,
    options: Partial<Asked>,
    task: (lock: null) => Promise<unknown>,
  ): Promise<unknown> => {
    const mode = options.mode ?? 'exclusive';
    if (options.steal) {
      for (const holder of this.#holders) holder.stolen();
      this.#holders = [];
    } else if (
      this.#holders.length > 0 &&
      !(mode === 'shared' && this.#holders.every((one) => one.mode === 'shared'))
    ) {
      await new Promise<void>((resolve, reject) => {
        const waiting = { mode, start: resolve };
        this.#waiting.push(waiting);
        options.signal?.addEventListener('abort', () => {
          this.#waiting = this.#waiting.filter((one) => one !== waiting);
          reject(options.signal?.reason);
        });
      });
    }
    let stolen: () => void = () => undefined;
    const theft = new Promise<never>((_, reject) => {
      stolen = () => reject(new DOMException('stolen', 'AbortError'));
    });
    const holder = { mode, stolen };
    this.#holders.push(holder);
    try {
      return await Promise.race([task(null), theft]);
    } finally {
      this.#holders = this.#holders.filter((one) => one !== holder);
      if (this.#holders.length === 0) this.#waiting.shift()?.start();
    }
  };
}

const lease = (signal: AbortSignal = new AbortController().signal) =>
  ({ capability: 'site-insight', scope: '*', grantId: 'g', epoch: 1, signal }) as unknown as Lease;
const doorOf = (passes: () => Promise<boolean>) =>
  new Door({ locks: new Locks() as unknown as Pick<LockManager, 'request'>, passes });

describe('the way out', () => {
  test('lets nothing out in this version: no capability has a destination', async () => {
    expect(await doorOf(async () => true).send(lease())).toEqual({ kind: 'refused', why: 'no-destination' });
  });

  test('asks the fence, and a lease that ended before, first', async () => {
    expect(await doorOf(async () => false).send(lease())).toEqual({ kind: 'refused', why: 'stale-lease' });
    const passes = vi.fn(async () => true);
    expect(await doorOf(passes).send(lease(AbortSignal.abort()))).toEqual({ kind: 'refused', why: 'stale-lease' });
    expect(passes).not.toHaveBeenCalled();
  });
});

describe('a revocation', () => {
  let timeout: AbortController;
  beforeEach(() => {
    timeout = new AbortController();
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => timeout.signal);
  });
  afterEach(() => vi.restoreAllMocks());

  test('waits for what is in flight', async () => {
    let pass: (yes: boolean) => void = () => undefined;
    const door = doorOf(
      () =>
        new Promise((resolve) => {
          pass = resolve;
        }),
    );
    const sending = door.send(lease());
    let quiet: unknown;
    const waiting = door.quiet('site-insight').then((how) => {
      quiet = how;
    });
    await Promise.resolve();
    expect(quiet).toBeUndefined();
    pass(true);
    await sending;
    await waiting;
    expect(quiet).toEqual({ kind: 'quiet' });
    expect(AbortSignal.timeout).toHaveBeenCalledWith(QUIET_WAIT_MS);
    expect(QUIET_WAIT_MS).toBe(2000);
  });

  test('takes the lock away from a send that does not stop, and says so', async () => {
    const door = doorOf(() => new Promise(() => undefined));
    const sending = door.send(lease()).catch((error: DOMException) => error.name);
    const waiting = door.quiet('site-insight');
    timeout.abort(new DOMException('late', 'TimeoutError'));
    expect(await waiting).toEqual({ kind: 'stolen' });
    expect(await sending).toBe('AbortError');
  });
});
