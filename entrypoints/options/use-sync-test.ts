import { useEffect, useRef, useState } from 'preact/hooks';
import type { SyncDraft } from '../../components/sync-place';
import { typedServer } from '../../components/typed-server';
import { ask } from '../../utils/messages/client';
import type { SyncServer } from '../../utils/messages/contract';
import type { BadAddress, Probed, SyncOff, SyncOutOfTurn, SyncTrouble, SyncView } from '../../utils/sync/view';

export type Works = Extract<Probed, { kind: 'works' }>;
/** What is at the place. `given-up`: a copy that the person will have written over, since they can't open it. */
export type Found = 'empty' | 'vault' | 'given-up';
export type SyncTest =
  /** Address and sign-in are to be typed. */
  | { readonly kind: 'form' }
  | { readonly kind: 'testing' }
  | { readonly kind: 'works'; readonly works: Works; readonly found: Found }
  | { readonly kind: 'failed'; readonly failed: SyncTrouble | BadAddress | SyncOutOfTurn | SyncOff };

/** The server that was typed; `null`: this browser's own sync. `undefined`: nothing usable for what is allowed. */
function serverOf(draft: SyncDraft, live: string): SyncServer | null | undefined {
  if (live === '*') return null;
  const typed = typedServer(draft.address);
  if (typed.kind !== 'server' || typed.scope !== live) return undefined;
  return { url: typed.url, user: draft.user, password: draft.password };
}

/** Tries the place as soon as it is allowed, and says what came of it. */
export function useSyncTest(view: SyncView | undefined, draft: SyncDraft) {
  const [test, setTest] = useState<SyncTest>({ kind: 'form' });
  const [error, setError] = useState<unknown>();
  const turn = useRef(0);
  const phase = view?.phase;
  const live = view && (phase === 'placing' || phase === 'closed-elsewhere') ? view.live : null;

  const run = async () => {
    const server = live === null ? undefined : serverOf(draft, live);
    if (server === undefined) return setTest({ kind: 'form' });
    const mine = ++turn.current;
    const show = (next: SyncTest) => {
      if (mine === turn.current) setTest(next);
    };
    setError(undefined);
    show({ kind: 'testing' });
    try {
      const works = await ask('sync.probe', { server });
      if (works.kind !== 'works') return show({ kind: 'failed', failed: works });
      const looked = await ask('sync.look', { server });
      if (looked.kind !== 'empty' && looked.kind !== 'vault') return show({ kind: 'failed', failed: looked });
      show({ kind: 'works', works, found: looked.kind });
    } catch (why) {
      show({ kind: 'form' });
      if (mine === turn.current) setError(why);
    }
  };

  useEffect(() => {
    // What is under way was for another grant.
    turn.current += 1;
    setTest({ kind: 'form' });
    // A copy that was closed is news: the person reads it first.
    if (live !== null && phase === 'placing') void run();
  }, [live, phase]);

  /** Somebody was faster, it went away, or it is given up: what is to be done is known from a step. */
  const found = (what: Found) => {
    if (test.kind === 'works') setTest({ ...test, found: what });
  };
  return { test, error, run, found };
}
