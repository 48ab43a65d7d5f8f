/** What is measured: a build of the source as it stands, in a folder of its own, so that a build beside it disturbs nothing. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { type BrowserName, firefoxAddonId } from '../browser/driver/driver';
import { bundle } from './bundles';

export interface Build {
  /** Unpacked, as it ships. */
  readonly dir: string;
  /** Bytes of the zip that a store gets. */
  readonly zipBytes: number;
  /** What the blocking lists are of that, compressed. */
  readonly listBytes: number;
  /** A copy with `bench.html`, which holds the harness, and `blank.html`, an almost empty page. */
  readonly benchDir: string;
  /** An extension of the same id that has a background and does nothing. */
  readonly emptyDir: string;
}

export interface Builds {
  of(name: BrowserName): Build;
  dispose(): void;
}

const root = path.resolve(import.meta.dirname, '../..');

const blank = (script: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bench</title>${script}</head><body><p>Bench</p></body></html>`;

function emptyManifest(name: BrowserName): object {
  const chromium = { background: { service_worker: 'background.js' } };
  const firefox = {
    background: { scripts: ['background.js'] },
    browser_specific_settings: {
      gecko: { id: firefoxAddonId, data_collection_permissions: { required: ['none'] } },
    },
  };
  return {
    manifest_version: 3,
    name: 'Empty',
    version: '1.0',
    ...(name === 'chromium' ? chromium : firefox),
  };
}

function listBytes(dir: string): number {
  const folder = path.join(dir, 'rulesets');
  const each = readdirSync(folder).map((file) => deflateRawSync(readFileSync(path.join(folder, file))).byteLength);
  return each.reduce((sum, bytes) => sum + bytes, 0);
}

export async function makeBuilds(names: readonly BrowserName[]): Promise<Builds> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-bench-'));
  const builds = new Map<BrowserName, Build>();
  const harness = await bundle('test/bench/harness.ts');
  for (const name of names) {
    const out = path.join(folder, name);
    const target = name === 'firefox' ? ['-b', 'firefox', '--mv3'] : [];
    // One after the other: WXT writes its types to one place.
    const made = spawnSync('npx', ['wxt', 'zip', ...target], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, CLOUDOPT_OUT_DIR: out },
    });
    if (made.status !== 0) throw new Error(`no build for ${name}: ${made.stdout}${made.stderr}`);
    const dir = path.join(out, name === 'chromium' ? 'chrome-mv3' : 'firefox-mv3');
    const zip = readdirSync(out).find((file) => file.endsWith('.zip') && !file.includes('sources'));
    if (zip === undefined) throw new Error(`no zip for ${name} in ${out}`);

    const benchDir = path.join(out, 'bench');
    cpSync(dir, benchDir, { recursive: true });
    writeFileSync(path.join(benchDir, 'bench.js'), harness);
    writeFileSync(path.join(benchDir, 'bench.html'), blank('<script src="bench.js"></script>'));
    writeFileSync(path.join(benchDir, 'blank.html'), blank(''));

    const emptyDir = path.join(out, 'empty');
    mkdirSync(emptyDir);
    writeFileSync(path.join(emptyDir, 'manifest.json'), JSON.stringify(emptyManifest(name)));
    writeFileSync(path.join(emptyDir, 'background.js'), '');
    builds.set(name, {
      dir,
      zipBytes: statSync(path.join(out, zip)).size,
      listBytes: listBytes(dir),
      benchDir,
      emptyDir,
    });
  }
  return {
    of(name) {
      const build = builds.get(name);
      if (build === undefined) throw new Error(`no build for ${name}`);
      return build;
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
