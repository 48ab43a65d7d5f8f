import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Rows that are drawn or left out together. */
export const BLOCK_ROWS = 50;
/** Beyond the visible part, so much of the list is drawn too (CSS pixels). */
const MARGIN_PX = 600;
/** A block's height before any was measured. */
const GUESS_PX = 2000;

export interface ListWindow<S extends HTMLElement, B extends HTMLElement> {
  /** What scrolls. */
  readonly scroller: RefObject<S | null>;
  /** What holds the rows, and before and after them the gaps. */
  readonly body: RefObject<B | null>;
  /** Rows to draw: from this one, up to and without that one. */
  readonly from: number;
  readonly to: number;
  /** Heights that stand for the rows that are not drawn (CSS pixels). */
  readonly beforePx: number;
  readonly afterPx: number;
}

/**
 * Draws of a long list only what is near the visible part. Rows may differ in height: each block of them is measured when
 * it was drawn, and takes the average before that.
 *
 * @param key of what is listed: another one starts at the top again.
 * @param onEnd called when the end comes near.
 */
export function useWindow<S extends HTMLElement, B extends HTMLElement>(
  count: number,
  key: string,
  onEnd: (() => unknown) | undefined,
): ListWindow<S, B> {
  const scroller = useRef<S>(null);
  const body = useRef<B>(null);
  const heights = useRef<number[]>([]);
  const ending = useRef(false);
  const [shown, setShown] = useState({ from: 0, to: 2 });
  const blocks = Math.ceil(count / BLOCK_ROWS);
  const known = heights.current.filter((height) => height > 0);
  const average = known.length === 0 ? GUESS_PX : known.reduce((sum, height) => sum + height, 0) / known.length;
  const heightOf = (block: number): number => {
    const share = Math.min(1, (count - block * BLOCK_ROWS) / BLOCK_ROWS);
    return heights.current[block] ?? average * share;
  };
  const from = Math.min(shown.from, Math.max(0, blocks - 1));
  const to = Math.min(blocks, Math.max(shown.to, from + 1));
  const sum = (first: number, end: number): number => {
    let px = 0;
    for (let block = first; block < end; block += 1) px += heightOf(block);
    return px;
  };

  const look = useCallback(() => {
    const [box, list] = [scroller.current, body.current];
    if (!box || !list) return;
    const topPx = box.getBoundingClientRect().top - list.getBoundingClientRect().top - MARGIN_PX;
    const endPx = topPx + box.clientHeight + 2 * MARGIN_PX;
    let first = 0;
    let px = 0;
    while (first < blocks - 1 && px + heightOf(first) < topPx) {
      px += heightOf(first);
      first += 1;
    }
    let end = first;
    while (end < blocks && px < endPx) {
      px += heightOf(end);
      end += 1;
    }
    setShown((now) => (now.from === first && now.to === end ? now : { from: first, to: end }));
    if (end < blocks || px > endPx || !onEnd || ending.current) return;
    ending.current = true;
    Promise.resolve(onEnd()).finally(() => {
      ending.current = false;
    });
  }, [blocks, count, onEnd]);

  useEffect(() => {
    heights.current = [];
    if (scroller.current) scroller.current.scrollTop = 0;
  }, [key]);

  // What was drawn is measured; a block that is not full yet will grow.
  useLayoutEffect(() => {
    const rows = [...(body.current?.children ?? [])].filter((row) => !row.hasAttribute('data-gap'));
    for (let block = from; block < to && (block + 1) * BLOCK_ROWS <= count; block += 1) {
      const first = rows[(block - from) * BLOCK_ROWS];
      const last = rows[(block - from + 1) * BLOCK_ROWS - 1];
      if (first && last) {
        heights.current[block] = last.getBoundingClientRect().bottom - first.getBoundingClientRect().top;
      }
    }
  });

  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    let frame = 0;
    const heard = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(look);
    };
    // Not at once: the end of a list that was only just shown is no reason to load more.
    box.addEventListener('scroll', heard, { passive: true });
    addEventListener('resize', heard);
    return () => {
      cancelAnimationFrame(frame);
      box.removeEventListener('scroll', heard);
      removeEventListener('resize', heard);
    };
  }, [look]);

  return {
    scroller,
    body,
    from: from * BLOCK_ROWS,
    to: Math.min(count, to * BLOCK_ROWS),
    beforePx: sum(0, from),
    afterPx: sum(to, blocks),
  };
}
