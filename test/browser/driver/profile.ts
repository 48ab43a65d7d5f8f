import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pause } from './driver.js';

export interface Profile {
  readonly dir: string;
  /** What was noted at the one permanent installation of the extension in this profile; null before it. */
  installed(): string | null;
  noteInstalled(text: string): void;
  /** Deletes a temporary profile, leaves a given one alone. */
  dispose(): Promise<void>;
}

const noteFile = 'cloudopt-installed.txt';

/** Whether the extension was once installed for good in the profile at `dir`. */
export const wasInstalled = (dir: string): boolean => existsSync(join(resolve(dir), noteFile));

/** The profile folder at `given`, made if need be, or a temporary one. */
export function openProfile(browser: string, given?: string): Profile {
  const dir = given === undefined ? mkdtempSync(join(tmpdir(), `cloudopt-${browser}-`)) : resolve(given);
  mkdirSync(dir, { recursive: true });
  const note = join(dir, noteFile);
  return {
    dir,
    installed: () => (existsSync(note) ? readFileSync(note, 'utf8') : null),
    noteInstalled: (text) => writeFileSync(note, text),
    async dispose() {
      if (given !== undefined) return;
      // Browser processes write on for a moment after the main one has gone, so a removal may have to be repeated.
      for (let left = 50; ; left -= 1) {
        try {
          rmSync(dir, { recursive: true, force: true });
          return;
        } catch (error) {
          if (left === 0) throw error;
          await pause(100);
        }
      }
    },
  };
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function processes(): readonly Process[] {
  const list = execFileSync('ps', ['-axww', '-o', 'pid=,ppid=,stat=,command='], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return list.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    const dead = match?.[3]?.startsWith('Z') ?? true;
    return match === null || dead ? [] : [{ pid: Number(match[1]), parent: Number(match[2]), command: match[4] ?? '' }];
  });
}

/** The browser's own processes: those with `profileDir` on their command line, and all their descendants. */
export function processTree(profileDir: string): readonly number[] {
  const all = processes().filter((one) => one.pid !== process.pid);
  const tree = new Set<number>();
  // A whole path segment: another profile's folder name may begin with this one's.
  const named = (command: string): boolean => {
    const at = command.indexOf(profileDir);
    const after = command[at + profileDir.length];
    return at >= 0 && (after === undefined || after === ' ' || after === '/');
  };
  const browser = /chrom|firefox|crashpad|crashhelper/i;
  for (const one of all) if (named(one.command) && browser.test(one.command.split(' ')[0] ?? '')) tree.add(one.pid);
  for (let before = -1; before !== tree.size; ) {
    before = tree.size;
    for (const one of all) if (tree.has(one.parent)) tree.add(one.pid);
  }
  return [...tree].sort((a, b) => a - b);
}

/** SIGKILL to all of `processTree`, until none is left. */
export async function killTree(profileDir: string): Promise<void> {
  for (let left = 100; left > 0; left -= 1) {
    const tree = processTree(profileDir);
    if (tree.length === 0) return;
    for (const pid of tree) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        // Gone between the listing and the signal: what was wanted.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    await pause(50);
  }
  throw new Error(`browser processes of ${profileDir} survive SIGKILL: ${processTree(profileDir).join(', ')}`);
}
