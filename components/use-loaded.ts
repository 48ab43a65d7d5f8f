import { useEffect, useRef, useState } from 'preact/hooks';

/** Before this, a page that loads shows nothing: a message that flashes by is worse than none. */
const SLOW_MS = 150;

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: unknown;
  /** Nothing to show yet, and it takes long enough to say so. */
  readonly slow: boolean;
  readonly reload: () => void;
}

/**
 * Loads a value and loads it again when an input changes. The old value stays until the new one is there; an answer that
 * comes after a later question is dropped.
 */
export function useLoaded<T>(load: () => Promise<T>, inputs: readonly unknown[]): Loaded<T> {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<unknown>();
  const [slow, setSlow] = useState(false);
  const [again, setAgain] = useState(0);
  const latest = useRef(0);
  useEffect(() => {
    const turn = ++latest.current;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    const done = (apply: () => void) => {
      if (turn !== latest.current) return;
      clearTimeout(timer);
      setSlow(false);
      apply();
    };
    load().then(
      (loaded) =>
        done(() => {
          setValue(() => loaded);
          setError(undefined);
        }),
      (why: unknown) => done(() => setError(why)),
    );
    return () => clearTimeout(timer);
  }, [...inputs, again]);
  return { value, error, slow: slow && value === undefined, reload: () => setAgain((n) => n + 1) };
}
