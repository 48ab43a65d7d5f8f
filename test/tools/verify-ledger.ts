/**
 * `npm run verify-ledger -- FILE`: checks an exported ledger. Exit code 0: intact. 1: broken, with the first bad `seq`.
 * 2: the file can't be read or is no exported ledger.
 */
import { readFileSync } from 'node:fs';
import { checkLedgerFile } from './ledger-file';

function unreadable(why: string): never {
  console.error(`unreadable: ${why}`);
  process.exit(2);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error));
  }
}

const [file] = process.argv.slice(2);
if (file === undefined) unreadable('name a file: npm run verify-ledger -- FILE');
const verdict = checkLedgerFile(read(file));
if (verdict.kind === 'unreadable') unreadable(verdict.why);
if (verdict.kind === 'intact') {
  console.log(`intact: ${verdict.entries} entries, head ${verdict.hash}`);
} else {
  console.error(`broken at seq ${verdict.seq}: ${verdict.why}`);
  process.exit(1);
}
