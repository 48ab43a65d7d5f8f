/** An organisation's policy for Cloudopt, put where each browser looks for it. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findChromium } from '../tools/ensure-browsers';
import { buildOf, type Driven, launch } from './cloudopt';
import { type BrowserName, firefoxAddonId, type LaunchOptions } from './driver/driver';

/** Chromium reads policies of the machine alone, so only root may set one. */
export const maySetPolicy = (name: BrowserName): boolean =>
  name === 'firefox' || (process.platform === 'linux' && process.getuid?.() === 0);

export interface Organisation {
  /** A profile whose extension is Cloudopt under this organisation: closed and opened again, it stays. */
  launch(options?: Partial<LaunchOptions>): Promise<Driven>;
  /** Sets the policy. Chromium hears of it while it runs, Firefox at its next start. */
  set(policy: object | null): void;
  /** Firefox: by `policies.json` of the machine instead (root only). */
  setForMachine(policy: object | null): void;
}

/** Takes back the file, and the folders that had to be made for it. */
function placed(file: string): { write(content: object | null): void; undo(): void } {
  let made: string | undefined;
  for (let folder = path.dirname(file); !existsSync(folder); folder = path.dirname(folder)) made = folder;
  const there = existsSync(file);
  return {
    write(content) {
      if (there) throw new Error(`${file} is not ours`);
      mkdirSync(path.dirname(file), { recursive: true });
      if (content === null) rmSync(file, { force: true });
      else writeFileSync(file, JSON.stringify(content));
    },
    undo() {
      if (!there) rmSync(file, { force: true });
      if (made !== undefined) rmSync(made, { recursive: true, force: true });
    },
  };
}

/** Runs `task` in an organisation, and leaves nothing of it behind. */
export async function withOrganisation(name: BrowserName, task: (it: Organisation) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-managed-'));
  // An unpacked extension's id comes from its folder: this policy concerns no other run's.
  const extensionDir = path.join(folder, 'extension');
  cpSync(buildOf(name), extensionDir, { recursive: true });
  const product = /google-chrome/i.test(findChromium() ?? '') ? '/etc/opt/chrome' : '/etc/chromium';
  const file = placed(
    name === 'chromium'
      ? path.join(product, 'policies/managed', `${path.basename(folder)}.json`)
      : path.join(folder, '.mozilla/managed-storage', `${firefoxAddonId}.json`),
  );
  const machine = name === 'firefox' ? placed('/etc/firefox/policies/policies.json') : undefined;
  let id = firefoxAddonId;
  try {
    await task({
      async launch(options = {}) {
        const browser = await launch(name, {
          profile: path.join(folder, 'profile'),
          persistent: true,
          extensionDir,
          env: { HOME: folder },
          ...options,
        });
        if (name === 'chromium') id = new URL(browser.base).host;
        return browser;
      },
      set(policy) {
        const wrapped =
          name === 'chromium'
            ? { '3rdparty': { extensions: { [id]: policy } } }
            : { name: id, description: 'Cloudopt under test', type: 'storage', data: policy };
        file.write(policy === null ? null : wrapped);
      },
      setForMachine(policy) {
        machine?.write(policy === null ? null : { policies: { '3rdparty': { Extensions: { [id]: policy } } } });
      },
    });
  } finally {
    file.undo();
    machine?.undo();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
