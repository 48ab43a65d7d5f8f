/** What `npm run zip` makes, and where. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod/mini';

const packageJson = z.object({ name: z.string(), version: z.string().check(z.regex(/^\d+\.\d+\.\d+$/)) });

/** The version: package.json is the one place that it stands in, manifests and packages take it from there. */
export const versionOf = (root: string): string =>
  packageJson.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).version;

export const packageKinds = ['chrome', 'firefox', 'sources'] as const;
export type PackageKind = (typeof packageKinds)[number];

export const fileOf = (root: string, kind: PackageKind): string =>
  join(root, '.output', `cloudopt-${versionOf(root)}-${kind}.zip`);
