import { useEffect, useRef, useState } from 'preact/hooks';

/** The most rows that one question may ask for. */
const LIMIT_MAX = 250;

export interface Pages<R> {
  readonly rows: readonly R[] | undefined;
  readonly error: unknown;
  /** Loads the next page; missing at the end. */
  readonly more: (() => Promise<void>) | undefined;
  readonly reload: () => void;
}

/**
 * Rows page by page. A change of `inputs` starts anew; a change of `tick` reads again what is shown, as long as that fits
 * into one page: whoever has read on further is not thrown back.
 */
export function usePages<R, C>(
  load: (after: C | null, limit: number) => Promise<{ rows: readonly R[]; next: C | null }>,
  inputs: readonly unknown[],
  tick: number,
  size: number,
): Pages<R> {
  const [rows, setRows] = useState<readonly R[]>();
  const [next, setNext] = useState<C | null>(null);
  const [error, setError] = useState<unknown>();
  const [again, setAgain] = useState(0);
  const turn = useRef(0);
  const shown = useRef({ key: '', count: 0 });
  const key = JSON.stringify(inputs);

  useEffect(() => {
    const same = shown.current.key === key;
    if (same && shown.current.count > LIMIT_MAX) return;
    const limit = same ? Math.max(size, shown.current.count) : size;
    const mine = ++turn.current;
    load(null, limit).then(
      (page) => {
        if (mine !== turn.current) return;
        shown.current = { key, count: page.rows.length };
        setRows(page.rows);
        setNext(() => page.next);
        setError(undefined);
      },
      (why: unknown) => {
        if (mine === turn.current) setError(why);
      },
    );
  }, [key, tick, again]);

  const more = async () => {
    const mine = ++turn.current;
    try {
      const page = await load(next, size);
      if (mine !== turn.current) return;
      const all = [...(rows ?? []), ...page.rows];
      shown.current = { key, count: all.length };
      setRows(all);
      setNext(() => page.next);
      setError(undefined);
    } catch (why) {
      if (mine === turn.current) setError(why);
    }
  };
  const reload = () => {
    shown.current = { key, count: Math.min(shown.current.count, LIMIT_MAX) };
    setAgain((n) => n + 1);
  };
  return { rows, error, more: next === null ? undefined : more, reload };
}
