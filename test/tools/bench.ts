/**
 * `npm run bench`: every figure of the design beside its target, in the real browsers, as a Markdown table. It fails no
 * build: it exits with 1 only where it could not run at all.
 *
 * `--browsers=chromium` · `--only=writes,revoke` · `--trials=1000` (revocations under a flood) · `--effort=0.2` (a
 * quick look: fewer repetitions) · `--out=FILE` (the table, besides the terminal)
 */
import { writeFileSync } from 'node:fs';
import { makeBuilds } from '../bench/builds';
import { measureGranted } from '../bench/granted';
import { measureHalting } from '../bench/halting';
import { measureLoading } from '../bench/loading';
import { busy, machine } from '../bench/machine';
import { measurePopup } from '../bench/popup';
import { measureEnabling, measureProtectedLoading, measureVerdicts } from '../bench/protection';
import { measureSending } from '../bench/sending';
import type { Setting } from '../bench/setting';
import { measureLibraries, measurePackage } from '../bench/sizes';
import { measureLedger, measureRevocations, measureWrites } from '../bench/storing';
import { measureSync } from '../bench/sync';
import { type Figure, line, table, verdict } from '../bench/table';
import { measureMemory, measureRequests } from '../bench/untouched';
import type { BrowserName } from '../browser/driver/driver';
import { ensureBrowsers } from './ensure-browsers';
import { ensureServers } from './ensure-servers';

interface Section {
  readonly name: string;
  /** Where it is measured; '' for what needs no browser. */
  readonly where: BrowserName | '';
  run(setting: Setting): Promise<void>;
}

const both = (name: string, run: (where: BrowserName, setting: Setting) => Promise<void>): Section[] =>
  (['chromium', 'firefox'] as const).map((where) => ({ name, where, run: (setting) => run(where, setting) }));

/** In this order, one after the other, but for those of one group: they mostly wait. */
const groups: readonly (readonly Section[])[] = [
  ...both('package', measurePackage).map((section) => [section]),
  [{ name: 'libraries', where: '', run: measureLibraries }],
  ...both('writes', measureWrites).map((section) => [section]),
  ...both('revoke', measureRevocations).map((section) => [section]),
  ...both('ledger', measureLedger).map((section) => [section]),
  ...both('granted', measureGranted).map((section) => [section]),
  ...both('popup', measurePopup).map((section) => [section]),
  ...both('halted', measureHalting).map((section) => [section]),
  ...both('sending', measureSending).map((section) => [section]),
  ...both('sync', measureSync).map((section) => [section]),
  ...both('load', measureLoading).map((section) => [section]),
  [{ name: 'protection-verdicts', where: 'chromium', run: measureVerdicts }],
  ...both('protection-enabling', measureEnabling).map((section) => [section]),
  ...both('protection-load', measureProtectedLoading).map((section) => [section]),
  [...both('requests', measureRequests), { name: 'memory', where: 'firefox', run: measureMemory }],
];

function flag(name: string): string | undefined {
  const start = `--${name}=`;
  return process.argv.find((word) => word.startsWith(start))?.slice(start.length);
}

function listed<T extends string>(name: string, all: readonly T[]): readonly T[] {
  const named = flag(name)?.split(',');
  if (named === undefined) return all;
  const unknown = named.filter((one) => !(all as readonly string[]).includes(one));
  if (unknown.length > 0) throw new Error(`--${name}: ${unknown.join(', ')}? There are ${all.join(', ')}.`);
  return all.filter((one) => named.includes(one));
}

async function bench(): Promise<void> {
  const browsers = listed<BrowserName>('browsers', ['chromium', 'firefox']);
  const only = listed('only', [...new Set(groups.flat().map(({ name }) => name))]);
  const effort = Number(flag('effort') ?? 1);
  const trials = Number(flag('trials') ?? Math.max(5, Math.round(50 * effort)));
  await ensureBrowsers();
  if (only.includes('sync')) await ensureServers();
  const head = [machine(browsers), busy(), effort === 1 ? undefined : `Quick look: effort ${effort}.`]
    .filter((text) => text !== undefined)
    .join('\n');
  console.log(head);

  const began = Date.now();
  const builds = await makeBuilds(browsers);
  const figures: Figure[] = [];
  const failures: string[] = [];
  const setting: Setting = {
    builds,
    effort,
    trials,
    say(figure) {
      figures.push(figure);
      console.log(`${Math.round((Date.now() - began) / 1000)} s: ${line(figure)}`);
    },
  };
  const attempt = async ({ name, where, run }: Section): Promise<void> => {
    try {
      await run(setting);
    } catch (error) {
      const text = `${name}${where === '' ? '' : ` in ${where}`} could not be measured: ${error instanceof Error ? error.message : String(error)}`;
      failures.push(text.replaceAll('\n', ' '));
      console.error(error);
    }
  };
  try {
    for (const group of groups) {
      const wanted = group.filter(
        ({ name, where }) => only.includes(name) && (where === '' || browsers.includes(where)),
      );
      await Promise.all(wanted.map(attempt));
    }
  } finally {
    builds.dispose();
  }
  const missed = figures.filter((figure) => verdict(figure) === 'MISSED').length;
  const met = figures.filter((figure) => verdict(figure) === 'ok').length;
  const minutes = ((Date.now() - began) / 60_000).toFixed(1);
  const text = [
    head,
    '',
    table(figures),
    '',
    ...failures.map((failure) => `- ${failure}`),
    `${met} targets met, ${missed} missed, ${failures.length} not measured; ${minutes} minutes.`,
  ].join('\n');
  console.log(`\n${text}`);
  const out = flag('out');
  if (out !== undefined) writeFileSync(out, `${text}\n`);
  if (figures.length === 0) throw new Error('nothing was measured');
}

bench().then(
  // A browser that was lost may have left something that would keep this from ending.
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
