/** What the figures were measured on. */
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import type { BrowserName } from '../browser/driver/driver';
import { findChromium, findFirefox } from '../tools/ensure-browsers';

function versionOf(name: BrowserName): string {
  const binary = name === 'chromium' ? findChromium() : findFirefox();
  const asked = spawnSync(binary ?? name, ['--version'], { encoding: 'utf8' });
  // Debian's Chromium adds where it was built.
  return asked.stdout?.trim().replace(/ built on .*/, '') || `${name}, version unknown`;
}

export function machine(names: readonly BrowserName[]): string {
  const model = cpus()[0]?.model ?? 'unknown processor';
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`;
  return [
    `${availableParallelism()} cores (${model.trim()}), ${memory}, Node ${process.versions.node}`,
    ...names.map(versionOf),
  ].join(' · ');
}

/** A sentence where others keep the machine busy, so that its figures are not mistaken for those of an idle one. */
export function busy(): string | undefined {
  const [load = 0] = loadavg();
  const cores = availableParallelism();
  if (load <= cores / 2) return undefined;
  return `Measured under load: load average ${load.toFixed(1)} on ${cores} cores before it began.`;
}
