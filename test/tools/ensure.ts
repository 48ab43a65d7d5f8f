/** Programs that tests need: finds them, and installs what is missing on Debian or Ubuntu where it may. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first of these that can be run: paths, or names on the PATH. */
export function firstOf(candidates: readonly string[]): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const candidate of candidates) {
    const files = candidate.startsWith('/') ? [candidate] : folders.map((folder) => join(folder, candidate));
    const found = files.find(executable);
    if (found !== undefined) return found;
  }
  return null;
}

export interface Need {
  readonly what: string;
  readonly debian: string;
  /** `null`: Ubuntu's package is of no use here. */
  readonly ubuntu: string | null;
  there(): boolean;
}

export interface Purpose {
  /** Who lacks it: `The browser tests`. */
  readonly who: string;
  /** What a person does on another system, and on Ubuntu where its package is of no use. */
  readonly otherwise: string;
  readonly onUbuntu: string;
}

function system(): 'debian' | 'ubuntu' | 'other' {
  if (!existsSync('/etc/os-release') || firstOf(['apt-get']) === null) return 'other';
  const release = readFileSync('/etc/os-release', 'utf8');
  if (/^ID="?ubuntu/m.test(release)) return 'ubuntu';
  return /^ID(_LIKE)?="?.*debian/m.test(release) ? 'debian' : 'other';
}

/** Resolves when everything is there; throws one sentence that says what to install where it can't do that itself. */
export async function ensure(needs: readonly Need[], { who, otherwise, onUbuntu }: Purpose): Promise<void> {
  const missing = needs.filter((need) => !need.there());
  if (missing.length === 0) return;
  const on = system();
  const packages = missing.map((need) => (on === 'ubuntu' ? need.ubuntu : need.debian));
  const names = packages.filter((name) => name !== null);
  if (on !== 'other' && process.getuid?.() === 0 && names.length === missing.length) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { stdio: 'inherit', env });
    const still = missing.filter((need) => !need.there()).map((need) => need.what);
    if (still.length === 0) return;
    throw new Error(`Installed ${names.join(', ')}, but ${still.join(', ')} cannot be found.`);
  }
  const list = missing.map((need) => need.what).join(', ');
  const all = names.length === missing.length;
  const how = on === 'other' ? otherwise : all ? `run as root: apt-get install ${names.join(' ')}` : onUbuntu;
  throw new Error(`${who} lack ${list}; ${how}.`);
}
