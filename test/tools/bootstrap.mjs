// The only file that runs before anything is installed, so it is plain JavaScript and imports nothing but Node.
// usage: node test/tools/bootstrap.mjs TOOL.ts [arguments]
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const installed = resolve(root, 'node_modules/.package-lock.json');
const wanted = resolve(root, 'package-lock.json');

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 20)) {
  console.error(`Cloudopt is built with Node 20.20 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs) {
  console.log('Installing packages…');
  // Not `npm ci`: a registry that lacks a package for another platform leaves it out of the lock file, which ci refuses.
  const npm = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund'], { cwd: root, stdio: 'inherit' });
  if (npm.status !== 0) process.exit(npm.status ?? 1);
}

const [tool, ...rest] = process.argv.slice(2);
const tsx = resolve(root, 'node_modules/tsx/dist/cli.mjs');
const run = spawnSync(process.execPath, [tsx, resolve(root, 'test/tools', tool), ...rest], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(run.status ?? 1);
