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
 * Loads a value and loads it again when an input changes, or when `tick` does. The old value stays until the new one is
 * there; an answer that comes after a later question is dropped. A tick that comes while an answer is waited for asks
 * once more after it: whatever takes longer than the next change would otherwise be asked for without end.
 * @param initial a value that was there before the first paint; then nothing is loaded until an input or `tick` changes.
 */
export function useLoaded<T>(load: () => Promise<T>, inputs: readonly unknown[], tick = 0, initial?: T): Loaded<T> {
  const [value, setValue] = useState(initial);
  const fresh = useRef(initial !== undefined);
  const [error, setError] = useState<unknown>();
  const [slow, setSlow] = useState(false);
  const [again, setAgain] = useState(0);
  const [missed, setMissed] = useState(0);
  const latest = useRef(0);
  const waiting = useRef<{ key: string; missed: boolean } | undefined>(undefined);
  const key = JSON.stringify([...inputs, again]);
  useEffect(() => {
    if (fresh.current) {
      fresh.current = false;
      return;
    }
    if (waiting.current?.key === key) {
      waiting.current.missed = true;
      return;
    }
    const mine = { key, missed: false };
    waiting.current = mine;
    const turn = ++latest.current;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    const done = (apply: () => void) => {
      clearTimeout(timer);
      if (turn !== latest.current) return;
      waiting.current = undefined;
      setSlow(false);
      apply();
      if (mine.missed) setMissed((n) => n + 1);
    };
    load().then(
      (loaded) =>
        done(() => {
          setValue(() => loaded);
          setError(undefined);
        }),
      (why: unknown) => done(() => setError(why)),
    );
  }, [key, tick, missed]);
  useEffect(
    () => () => {
      latest.current += 1;
    },
    [],
  );
  return { value, error, slow: slow && value === undefined, reload: () => setAgain((n) => n + 1) };
}
