import { readFileSync, writeFileSync } from 'node:fs';
import { settled } from './zip-file';

/** Takes out of a package's file what changes from one run to the next, so that the same sources give the same bytes. */
export function settle(file: string): void {
  writeFileSync(file, settled(readFileSync(file)));
}
