import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packed, writeZip } from '../../tools/packages/zip-file';

/** A ZIP archive of a folder's files, such as Firefox takes for an XPI; the same folder gives the same bytes. */
export const zipFolder = (dir: string): Buffer =>
  writeZip(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => packed(file.slice(dir.length).replace(/^\/+/, ''), readFileSync(file))),
  );
