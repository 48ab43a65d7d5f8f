/**
 * `npm run lint:package`: Mozilla's own linter on the Firefox package, by the version that web-ext 10.7.0 uses. It comes through npx, so
 * that nobody installs its 60 MB to build Cloudopt; npm keeps it after the first run. Without a network and without that copy
 * nothing is checked, and that is said.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod/mini';
import { fileOf } from './packages/names';

const LINTER = 'addons-linter@10.13.0';
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

const message = z.object({
  code: z.string(),
  message: z.string(),
  file: z.optional(z.nullable(z.string())),
  line: z.optional(z.nullable(z.number())),
});
const output = z.object({ errors: z.array(message), warnings: z.array(message), notices: z.array(message) });
export type LinterOutput = z.infer<typeof output>;
type Message = z.infer<typeof message>;

interface Allowance {
  readonly code: string;
  /** Part of the message. */
  readonly about: string;
  /** Path in the package. */
  readonly file: RegExp;
  readonly why: string;
}

/** Warnings that are not ours, each once. The list only shrinks: one that nothing needs any more fails. */
export const allowances: readonly Allowance[] = [
  {
    code: 'KEY_FIREFOX_ANDROID_UNSUPPORTED_BY_MIN_VERSION',
    about: 'minimum Firefox for Android version',
    file: /^manifest\.json$/,
    why: 'Cloudopt is not offered for Android: its manifest has no gecko_android. Firefox 140 for desktop knows the key.',
  },
  {
    code: 'UNSAFE_VAR_ASSIGNMENT',
    about: 'innerHTML',
    file: /^chunks\/[\w-]+\.js$/,
    why: 'Preact’s own code for dangerouslySetInnerHTML, which no code of ours uses; a unit test holds that.',
  },
];

const said = ({ code, message: text, file, line }: Message): string =>
  `${file ?? 'package'}${line ? `:${line}` : ''}: ${code}: ${text}`;

/** What speaks against the package: everything that the linter says and no allowance covers, and allowances that cover nothing. */
export function lintProblems({ errors, warnings, notices }: LinterOutput): string[] {
  const left = [...allowances];
  const uncovered = [...warnings, ...notices].filter((each) => {
    const at = left.findIndex(
      ({ code, about, file }) => code === each.code && each.message.includes(about) && file.test(each.file ?? ''),
    );
    if (at < 0) return true;
    left.splice(at, 1);
    return false;
  });
  return [
    ...errors.map((each) => `error, ${said(each)}`),
    ...uncovered.map((each) => `warning, ${said(each)}`),
    ...left.map(({ code, file }) => `${code} in ${file.source} is allowed and no longer said: take it off the list`),
  ];
}

/** Whether npm failed for want of a registry, not because of what it was asked for. */
export const isOffline = (stderr: string): boolean =>
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED)\b/.test(stderr);

function main(): number {
  const file = fileOf(resolve(import.meta.dirname, '../..'), 'firefox');
  if (!existsSync(file)) {
    console.error(`lint: there is no ${file}: npm run zip`);
    return 1;
  }
  const given = ['--yes', '--ignore-scripts', '--prefer-offline', '--loglevel=error', LINTER, '--output', 'json', file];
  const { stdout, stderr } = spawnSync('npx', given, { encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX });
  if (stdout === '' && isOffline(stderr)) {
    console.log(`lint: NOT CHECKED, since no npm registry answers and ${LINTER} is not on this machine`);
    return 0;
  }
  let found: LinterOutput;
  try {
    found = output.parse(JSON.parse(stdout));
  } catch {
    console.error(`lint: ${LINTER} did not run\n${stdout.slice(0, 2_000)}${stderr}`);
    return 1;
  }
  const problems = lintProblems(found);
  for (const problem of problems) console.error(problem);
  for (const { code, why } of allowances) console.log(`allowed: ${code}: ${why}`);
  console.log(
    `lint: ${found.errors.length} errors, ${found.warnings.length} warnings, ${problems.length} of them ours`,
  );
  return problems.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main();
