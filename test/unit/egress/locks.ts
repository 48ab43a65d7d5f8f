interface Asked {
  readonly mode: 'shared' | 'exclusive';
  readonly signal?: AbortSignal;
  readonly steal?: boolean;
}

/** Web Locks as the specification has them, of one name: Node 20 has none. */
export class Locks {
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
