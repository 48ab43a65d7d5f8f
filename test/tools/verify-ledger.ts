/**
 * `npm run verify-ledger -- FILE`: checks an exported ledger. Exit code 0: intact. 1: broken, with the first bad `seq`.
 * 2: the file can't be read or is no exported ledger.
 */
import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { ChainVerifier } from '../../utils/grants/chain';

const exported = z.object({
  format: z.literal('cloudopt-ledger'),
  version: z.literal(1),
  entries: z.array(z.unknown()),
});

function unreadable(why: string): never {
  console.error(`unreadable: ${why}`);
  process.exit(2);
}

function readEntries(file: string): readonly unknown[] {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    unreadable(error instanceof Error ? error.message : String(error));
  }
  const parsed = exported.safeParse(raw);
  if (!parsed.success) unreadable('this is no ledger that Cloudopt exported');
  return parsed.data.entries;
}

const [file] = process.argv.slice(2);
if (file === undefined) unreadable('name a file: npm run verify-ledger -- FILE');
const verifier = new ChainVerifier();
verifier.add(readEntries(file));
const verdict = verifier.verdict();
if (verdict.kind === 'intact') {
  console.log(`intact: ${verdict.entries} entries, head ${verdict.hash}`);
} else {
  console.error(`broken at seq ${verdict.seq}: ${verdict.why}`);
  process.exit(1);
}
