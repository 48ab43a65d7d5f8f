/**
 * Checks that packages are what the sources give.
 *
 * `npm run verify-build -- FILE …` builds here, and compares each file (.zip, .xpi, .crx) with the build: exit 0 the same,
 * 1 not the same, 2 unreadable. `npm run verify-build` unpacks this project's own sources package in a fresh folder, installs
 * and builds there, and wants all three packages byte for byte as `npm run zip` made them here; it needs the npm registry, or
 * npm's memory of it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { differencesOf, manifestOf } from './packages/compare';
import { fileOf, type PackageKind, packageKinds } from './packages/names';
import { type Entry, NoZip, plainOf, readZip } from './packages/zip-file';

const root = resolve(import.meta.dirname, '../..');

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

class Stopped extends Error {}

function run(cwd: string, program: string, ...given: readonly string[]): void {
  // What it says is wanted only where it fails.
  const { status, stdout, stderr } = spawnSync(program, given, { cwd, encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX });
  if (status !== 0) throw new Stopped(`${[program, ...given].join(' ')} failed\n${stdout}${stderr}`);
}

/** Files of the sources package that this checkout doesn't track: they would be published by mistake. */
function untracked(sources: readonly Entry[]): string[] {
  const git = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  if (git.status !== 0) return [];
  const tracked = new Set(git.stdout.split('\0'));
  return sources.map(({ name }) => name).filter((name) => !tracked.has(name));
}

function unpack(entries: readonly Entry[], folder: string): void {
  for (const entry of entries) {
    const file = join(folder, entry.name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, plainOf(entry));
  }
}

/** Says how two builds of a package differ. */
function report(kind: PackageKind, ours: Buffer, theirs: Buffer): boolean {
  if (ours.equals(theirs)) {
    console.log(`${kind}: the same, byte for byte; SHA-256 ${createHash('sha256').update(ours).digest('hex')}`);
    return true;
  }
  console.error(`${kind}: not the same`);
  const differences = differencesOf(readZip(ours), readZip(theirs));
  for (const line of differences) console.error(`  ${line}`);
  if (differences.length === 0) console.error('  the files are the same, the archives are not');
  return false;
}

function rebuild(): number {
  for (const kind of packageKinds) {
    if (!existsSync(fileOf(root, kind))) throw new Stopped('there are no packages: npm run zip');
  }
  const began = Date.now();
  const sources = readZip(readFileSync(fileOf(root, 'sources')));
  const strays = untracked(sources);
  for (const name of strays) console.error(`sources: ${name} is in the package and not in the repository`);
  const folder = mkdtempSync(join(tmpdir(), 'cloudopt-rebuild-'));
  try {
    unpack(sources, folder);
    run(folder, 'npm', 'ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error');
    run(folder, 'npm', 'run', '--silent', 'zip');
    const same = packageKinds.map((kind) =>
      report(kind, readFileSync(fileOf(root, kind)), readFileSync(fileOf(folder, kind))),
    );
    console.log(`rebuilt from ${sources.length} files of sources in ${Math.round((Date.now() - began) / 1000)} s`);
    return same.every(Boolean) && strays.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the exit code for one file. */
function compare(file: string): number {
  try {
    const theirs = readZip(readFileSync(file));
    const manifest = manifestOf(theirs);
    const kind = manifest.browser_specific_settings === undefined ? 'chrome' : 'firefox';
    const differences = differencesOf(readZip(readFileSync(fileOf(root, kind))), theirs);
    for (const line of differences) console.error(`${file}: ${line}`);
    console.log(
      differences.length === 0
        ? `${file}: holds what these sources give for ${kind}, version ${String(manifest.version)}`
        : `${file}: is not what these sources give for ${kind}`,
    );
    return differences.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof NoZip) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    console.error(`${file}: can't be read: ${(error as Error).message}`);
    return 2;
  }
}

function main(files: readonly string[]): number {
  try {
    if (files.length === 0) return rebuild();
    console.log('building both packages…');
    run(root, 'npm', 'run', '--silent', 'zip');
    return Math.max(...files.map(compare));
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    console.error(`verify-build: ${error.message}`);
    return 2;
  }
}

process.exitCode = main(process.argv.slice(2));
