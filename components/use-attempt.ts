import { useState } from 'preact/hooks';

export interface Attempts {
  /** Why the last one failed; `undefined` while none did. */
  readonly error: unknown;
  /** Runs what the person asked for. What it throws is shown until the next try, and goes no further. */
  attempt(action: () => Promise<void>): Promise<void>;
}

export function useAttempt(): Attempts {
  const [error, setError] = useState<unknown>();
  return {
    error,
    async attempt(action) {
      try {
        setError(undefined);
        await action();
      } catch (why) {
        setError(why);
      }
    },
  };
}
