/** uBlock Origin to compare with, from Debian's package. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { firefoxAddonId } from '../browser/driver/driver';

const PACKAGE = 'webext-ublock-origin-firefox';

interface Manifest {
  readonly version: string;
  readonly browser_specific_settings: { gecko: { id: string } };
}

/**
 * Runs `task` with an unpacked copy under the id that the driver knows. The package is only unpacked: once installed, it would
 * be on in every Firefox of the machine, and in each test. Throws where it can't be had.
 */
export async function withUblockOrigin<T>(task: (extensionDir: string, version: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-ublock-'));
  try {
    const run = (program: string, ...given: string[]) => execFileSync(program, given, { cwd: folder, stdio: 'pipe' });
    run('apt-get', 'download', '-qq', '-o', 'APT::Sandbox::User=root', PACKAGE);
    const archive = readdirSync(folder).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error(`no package ${PACKAGE}`);
    run('dpkg-deb', '-x', archive, 'all');
    const at = readdirSync(path.join(folder, 'all'), { recursive: true, encoding: 'utf8' });
    const file = at.find((each) => each.endsWith('uBlock0@raymondhill.net/manifest.json'));
    if (file === undefined) throw new Error(`no extension in ${archive}`);
    const manifestFile = path.join(folder, 'all', file);
    const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as Manifest;
    manifest.browser_specific_settings.gecko.id = firefoxAddonId;
    writeFileSync(manifestFile, JSON.stringify(manifest));
    return await task(path.dirname(manifestFile), manifest.version);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
