/**
 * `npm run audit`: known weaknesses of the packages that ship. Fails on high and critical ones. Where the registry has no
 * answer, nothing is checked, and that is said.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod/mini';

const severities = ['info', 'low', 'moderate', 'high', 'critical'] as const;
const failing: readonly string[] = ['high', 'critical'];

const report = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({ name: z.string(), severity: z.enum(severities), range: z.string() }),
  ),
});
/** What npm prints instead where the registry refused, or could not be reached. */
const refusal = z.union([z.object({ message: z.string() }), z.object({ error: z.object({ summary: z.string() }) })]);

export type Audit =
  | { readonly kind: 'checked'; readonly found: readonly string[]; readonly failing: readonly string[] }
  | { readonly kind: 'no-answer'; readonly why: string }
  | { readonly kind: 'unreadable' };

/** @param stdout of `npm audit --json`. */
export function readAudit(stdout: string): Audit {
  let raw: unknown;
  try {
    raw = JSON.parse(stdout);
  } catch {
    return { kind: 'unreadable' };
  }
  const known = report.safeParse(raw);
  if (known.success) {
    const all = Object.values(known.data.vulnerabilities);
    const said = (some: typeof all) => some.map(({ name, severity, range }) => `${name} ${range}: ${severity}`);
    return {
      kind: 'checked',
      found: said(all),
      failing: said(all.filter(({ severity }) => failing.includes(severity))),
    };
  }
  const refused = refusal.safeParse(raw);
  if (!refused.success) return { kind: 'unreadable' };
  return { kind: 'no-answer', why: 'message' in refused.data ? refused.data.message : refused.data.error.summary };
}

function main(): number {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: resolve(import.meta.dirname, '../..'),
    encoding: 'utf8',
  });
  const audit = readAudit(stdout ?? '');
  if (audit.kind === 'no-answer') {
    console.log(`audit: NOT CHECKED: ${audit.why.split('\n')[0]}`);
    return 0;
  }
  if (audit.kind === 'unreadable') {
    console.error('audit: npm printed no report that can be read');
    return 1;
  }
  for (const line of audit.found) console.log(line);
  console.log(`audit: ${audit.found.length} known weaknesses in what ships, ${audit.failing.length} of them high`);
  return audit.failing.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main();
