/** A build of an earlier commit, made in a work tree of its own that is gone afterwards. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BrowserName } from '../browser/driver/driver';

const root = path.resolve(import.meta.dirname, '../..');

/** Below every version that Cloudopt has had, so that a browser takes what comes next for an update. */
const EARLIER = '0.0.1';

/** Puts the unpacked build of a commit into `folder`, under an earlier version number. */
export function buildCommit(commit: string, browser: BrowserName, folder: string): void {
  const parent = mkdtempSync(path.join(tmpdir(), 'cloudopt-old-'));
  const tree = path.join(parent, 'tree');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'ignore' });
  git('worktree', 'add', '--detach', tree, commit);
  try {
    symlinkSync(realpathSync(path.join(root, 'node_modules')), path.join(tree, 'node_modules'));
    const forFirefox = browser === 'firefox' ? ['-b', 'firefox', '--mv3'] : [];
    execFileSync('npx', ['wxt', 'build', ...forFirefox], { cwd: tree, stdio: 'ignore' });
    cpSync(path.join(tree, '.output', browser === 'firefox' ? 'firefox-mv3' : 'chrome-mv3'), folder, {
      recursive: true,
    });
  } finally {
    git('worktree', 'remove', '--force', tree);
    rmSync(parent, { recursive: true, force: true });
  }
  withVersion(folder, EARLIER);
}

/** Gives an unpacked build another version number. */
export function withVersion(folder: string, version: string): void {
  const file = path.join(folder, 'manifest.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), version }));
}
