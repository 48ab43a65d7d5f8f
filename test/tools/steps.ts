/** Runs the steps of a check one after another or side by side, counts what passed, and says so in one closing line. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The command is Vitest: its own tests are counted instead of the step. */
  readonly vitest?: boolean;
}

interface Count {
  passed: number;
  failed: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
}

/** Prints what a step says line by line under its name, so that two beside each other can be told apart. */
function named(name: string, from: Readable | null): void {
  if (from) createInterface({ input: from }).on('line', (line) => console.log(line === '' ? '' : `${name} │ ${line}`));
}

/** @param beside whether another step runs beside this one. */
async function runStep({ name, command, env, vitest }: Step, beside: boolean): Promise<Count> {
  console.log(`\n── ${name}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-step-'));
  const report = path.join(folder, 'report.json');
  const [program = '', ...given] = command;
  const extra = vitest ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`] : [];
  const began = Date.now();
  try {
    const child = spawn(program, [...given, ...extra], {
      stdio: beside ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      env: { ...process.env, ...env },
    });
    named(name, child.stdout);
    named(name, child.stderr);
    const code = await new Promise<number>((resolve) => {
      child.once('error', () => resolve(127));
      child.once('close', (status) => resolve(status ?? 1));
    });
    const count = vitest ? readReport(report, code) : { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
    const seconds = Math.round((Date.now() - began) / 1000);
    console.log(`── ${name}: ${count.failed === 0 ? 'ok' : 'FAILED'} (${count.passed} passed, ${seconds} s)`);
    return count;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file: string, code: number): Count {
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(
      readFileSync(file, 'utf8'),
    ) as VitestReport;
    // A suite counts as failed with each test in it; by itself it counts where it could not even begin.
    const failed = numFailedTests > 0 ? numFailedTests : numFailedTestSuites;
    // A run that ended badly without a failed test (an unhandled rejection, no test found) has failed all the same.
    return { passed: numPassedTests, failed: failed === 0 && (code !== 0 || numPassedTests === 0) ? 1 : failed };
  } catch (error) {
    console.error(`no report of the tests: ${String(error)}`);
    return { passed: 0, failed: 1 };
  }
}

/**
 * @param steps those of an inner list run side by side.
 * @returns the exit code: 0 only where nothing failed.
 */
export async function runSteps(steps: readonly (Step | readonly Step[])[]): Promise<number> {
  const total: Count = { passed: 0, failed: 0 };
  for (const each of steps) {
    const counts = 'name' in each ? [await runStep(each, false)] : await Promise.all(each.map((s) => runStep(s, true)));
    for (const { passed, failed } of counts) {
      total.passed += passed;
      total.failed += failed;
    }
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}
