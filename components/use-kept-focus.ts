import { useEffect, useRef } from 'preact/hooks';

/**
 * Where a button goes away because of what it did, the focus would fall back to the top of the page. It is put on the
 * element of the returned ref instead, after each change of `inputs` (not at first).
 */
export function useKeptFocus<E extends HTMLElement>(inputs: readonly unknown[]) {
  const place = useRef<E>(null);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current && document.activeElement === document.body) place.current?.focus({ preventScroll: true });
    first.current = false;
  }, [...inputs]);
  return place;
}
