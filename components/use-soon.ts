import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** How long what was asked for can be undone. */
export const UNDO_MS = 5000;

export interface Soon<T> {
  /** What is about to be done. */
  readonly pending: T | undefined;
  start(what: T): void;
  undo(): void;
}

/** Does something a moment after it was asked for, so that it can be undone; leaving the page does it at once. */
export function useSoon<T>(act: (what: T) => Promise<unknown>): Soon<T> {
  const [pending, setPending] = useState<T>();
  const latest = useRef(act);
  latest.current = act;
  const undone = useRef(false);

  // In the same turn: an effect that has not run yet when the page's section goes would do nothing at all.
  useLayoutEffect(() => {
    if (pending === undefined) return;
    let done = false;
    const now = () => {
      if (done) return;
      done = true;
      void latest.current(pending);
    };
    const timer = setTimeout(() => {
      now();
      setPending(undefined);
    }, UNDO_MS);
    addEventListener('pagehide', now);
    return () => {
      clearTimeout(timer);
      removeEventListener('pagehide', now);
      // Whatever takes this away but an undoing (another section, another erasure) does it.
      if (!undone.current) now();
      undone.current = false;
    };
  }, [pending]);

  return {
    pending,
    start: setPending,
    undo: () => {
      undone.current = true;
      setPending(undefined);
    },
  };
}
