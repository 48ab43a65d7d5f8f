/** What `npm run verify-ledger` says of a file's text. */
import * as z from 'zod/mini';
import { ChainVerifier, type Verdict } from '../../utils/grants/chain';

const exported = z.object({
  format: z.literal('cloudopt-ledger'),
  version: z.literal(1),
  entries: z.array(z.unknown()),
});

/** Checks a ledger that somebody may have written by hand. Never throws. */
export function checkLedgerFile(text: string): Verdict | { kind: 'unreadable'; why: string } {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    return { kind: 'unreadable', why: error instanceof Error ? error.message : String(error) };
  }
  const parsed = exported.safeParse(raw);
  if (!parsed.success) return { kind: 'unreadable', why: 'this is no ledger that Cloudopt exported' };
  const verifier = new ChainVerifier();
  verifier.add(parsed.data.entries);
  return verifier.verdict();
}
