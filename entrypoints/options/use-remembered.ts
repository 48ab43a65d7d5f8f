import { useCallback, useRef, useState } from 'preact/hooks';

/** A value of the page's memory: it outlives the section that shows it, and ends with the page. */
export interface Memory<T> {
  value: T;
}

/** The value and a way to set it, also once the section is left: an answer that comes later is not lost. */
export function useRemembered<T>(memory: Memory<T>): readonly [T, (value: T) => void] {
  const [value, setValue] = useState(memory.value);
  const kept = useRef(memory);
  const set = useCallback((next: T) => {
    kept.current.value = next;
    setValue(() => next);
  }, []);
  return [value, set];
}
