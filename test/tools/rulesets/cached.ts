/** The rulesets as files of a build, made once for each version of the lists and of the code that makes them. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type MakeOptions, makeRulesets, packageDirectory } from './make';
import { listNames } from './select';

/** Said in a build, whether it was made now or before. */
const FIGURES = 'figures.txt';

/**
 * Firefox looks at its rules one by one for each request, so that fewer are faster; with fewer than these it would let the
 * best known trackers through. Decision 70 in utils/README.md has the figures.
 */
const FIREFOX_SELECTION = { limit: 2_000, budgets: {} } as const;

interface BuildFile {
  readonly absoluteSrc: string;
  readonly relativeDest: string;
}

/** What the result depends on: the package's version and our own code. */
function fingerprint(): string {
  const hash = createHash('sha256').update(readFileSync(join(packageDirectory(), 'package.json')));
  const code = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts'));
  for (const file of code.sort()) hash.update(file).update(readFileSync(join(import.meta.dirname, file)));
  return hash.digest('hex').slice(0, 16);
}

/** @param workDir where it is kept from one build to the next. */
export function rulesetFiles(
  browser: Browser,
  workDir: string,
  make: (options: MakeOptions) => unknown = makeRulesets,
): BuildFile[] {
  const kept = join(workDir, `rulesets-${browser}-${fingerprint()}`);
  if (!existsSync(kept)) {
    mkdirSync(workDir, { recursive: true });
    for (const old of readdirSync(workDir).filter((name) => name.startsWith(`rulesets-${browser}-`))) {
      rmSync(join(workDir, old), { recursive: true });
    }
    const lines: string[] = [];
    // Renamed once it is whole: a build that is killed half way leaves nothing that the next one takes for done.
    const making = join(workDir, `making-rulesets-${browser}-${process.pid}`);
    mkdirSync(making, { recursive: true });
    make({
      browser,
      outDir: making,
      log: (line) => lines.push(line),
      ...(browser === 'firefox' ? FIREFOX_SELECTION : {}),
    });
    writeFileSync(join(making, FIGURES), lines.join('\n'));
    renameSync(making, kept);
  }
  console.log(readFileSync(join(kept, FIGURES), 'utf8'));
  return [...listNames, 'hosts'].map((name) => ({
    absoluteSrc: join(kept, 'rulesets', `${name}.json`),
    relativeDest: `rulesets/${name}.json`,
  }));
}
