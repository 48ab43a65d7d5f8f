import { useRef, useState } from 'preact/hooks';
import { Problem } from '../../components/problem';
import { type Verification, VerifyPanel } from '../../components/verify-panel';
import { ask, stream } from '../../utils/messages/client';

/** Entries that are checked between two looks at the clock. */
const ROWS = 100;
/** How long is checked at a stretch before the page may draw and hear a click: three frames. */
const STRETCH_MS = 50;

const breath = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** Checks the whole history, which may be stopped. Apart from the list of entries, which need not be drawn anew for it. */
export function Verify() {
  const [verification, setVerification] = useState<Verification>({ kind: 'idle' });
  const [error, setError] = useState<unknown>();
  const stopped = useRef(false);

  const verify = async () => {
    stopped.current = false;
    setVerification({ kind: 'running', done: 0, total: 0 });
    try {
      setError(undefined);
      // The head is read first: entries that come after it only make the chain longer.
      const { mark, entries: total } = await ask('history.head', {});
      // Loaded only now: with the hash and the shapes of rows it outweighs the rest of the page.
      const { ChainVerifier } = await import('../../utils/grants/chain');
      const verifier = new ChainVerifier();
      let untilMs = performance.now() + STRETCH_MS;
      const check = async () => {
        for await (const chunk of stream('ledger', { purpose: 'verify' })) {
          for (let from = 0; from < chunk.length; from += ROWS) {
            if (stopped.current) return;
            if (!verifier.add(chunk.slice(from, from + ROWS))) return;
            if (performance.now() < untilMs) continue;
            setVerification({ kind: 'running', done: verifier.entries, total });
            await breath();
            untilMs = performance.now() + STRETCH_MS;
          }
        }
      };
      await check();
      setVerification(
        stopped.current
          ? { kind: 'stopped', done: verifier.entries }
          : { kind: 'done', verdict: verifier.verdict(mark ?? undefined) },
      );
    } catch (why) {
      setVerification({ kind: 'idle' });
      setError(why);
    }
  };

  return (
    <>
      <VerifyPanel
        verification={verification}
        onVerify={() => void verify()}
        onStop={() => {
          stopped.current = true;
        }}
      />
      {error === undefined ? null : <Problem error={error} />}
    </>
  );
}
