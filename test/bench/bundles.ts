/** Bundles made by the same bundler and in the same way as what ships. */
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Rollup, transformWithEsbuild } from 'vite';

const root = path.resolve(import.meta.dirname, '../..');

async function chunkOf(entry: string): Promise<Rollup.OutputChunk> {
  const built = await build({
    root,
    configFile: false,
    logLevel: 'error',
    define: {
      __UPCOMING_POLICY__: 'null',
      __ENDPOINTS__: JSON.stringify({ 'statistics-endpoint': null, 'crash-endpoint': null }),
      'import.meta.env.BROWSER': '"firefox"',
    },
    esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
    build: {
      write: false,
      minify: 'esbuild',
      modulePreload: false,
      rollupOptions: {
        input: path.join(root, entry),
        // The background is an export that WXT calls: without this nothing of it would be used.
        preserveEntrySignatures: 'strict',
        output: { format: 'iife', name: 'bundle', inlineDynamicImports: true },
      },
    },
  });
  const outputs = Array.isArray(built) ? built : [built];
  const chunk = outputs
    .flatMap((one) => ('output' in one ? one.output : []))
    .find((one): one is Rollup.OutputChunk => one.type === 'chunk');
  if (chunk === undefined) throw new Error(`no bundle of ${entry}`);
  return chunk;
}

/** The script that a page loads. */
export async function bundle(entry: string): Promise<string> {
  return (await chunkOf(entry)).code;
}

export interface Libraries {
  /** Gzipped bytes of all of them together. */
  readonly allBytes: number;
  /** Gzipped bytes without the public suffix list. */
  readonly withoutListBytes: number;
  /** Gzipped bytes of each alone, largest first. */
  readonly each: readonly { readonly name: string; readonly bytes: number }[];
}

async function gzippedBytes(codes: readonly string[]): Promise<number> {
  const { code } = await transformWithEsbuild(codes.join('\n'), 'libraries.js', {
    minify: true,
    target: 'es2022',
    // A function around it, so that names are shortened as they are in a bundle; Rollup has dropped what is unused, and
    // what only the project's own code calls must stay.
    format: 'iife',
    treeShaking: false,
  });
  return gzipSync(code, { level: 9 }).length;
}

/** `…/node_modules/@noble/hashes/sha2.js` → `@noble/hashes`; undefined for the project's own modules. */
function packageOf(id: string): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1];
}

/** What of `node_modules` ends up in the bundle of an entry, after unused code is dropped. */
export async function librariesOf(entry: string): Promise<Libraries> {
  const { modules } = await chunkOf(entry);
  const codes = new Map<string, string[]>();
  for (const [id, { code }] of Object.entries(modules)) {
    const name = packageOf(id);
    if (name === undefined || code === null || code === '') continue;
    codes.set(name, [...(codes.get(name) ?? []), code]);
  }
  const isList = (name: string): boolean => name.startsWith('tldts');
  const each = await Promise.all([...codes].map(async ([name, code]) => ({ name, bytes: await gzippedBytes(code) })));
  return {
    allBytes: await gzippedBytes([...codes.values()].flat()),
    withoutListBytes: await gzippedBytes([...codes].flatMap(([name, code]) => (isList(name) ? [] : code))),
    each: each.sort((a, b) => b.bytes - a.bytes),
  };
}
