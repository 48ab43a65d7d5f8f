import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { rulesetFiles } from '../../../tools/rulesets/cached';
import type { MakeOptions } from '../../../tools/rulesets/make';

let folder = '';
let said: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rulesets-'));
  said = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test('made once, said in each build, and each browser by itself', () => {
  const made: string[] = [];
  const make = ({ browser, log }: MakeOptions) => {
    made.push(browser);
    log(`figures of ${browser}`);
  };
  const files = rulesetFiles('firefox', folder, make);
  expect(rulesetFiles('firefox', folder, make)).toEqual(files);
  rulesetFiles('chromium', folder, make);
  expect(made).toEqual(['firefox', 'chromium']);
  expect(said).toEqual(['figures of firefox', 'figures of firefox', 'figures of chromium']);
  expect(files.map((file) => file.relativeDest)).toEqual(
    ['ads', 'tracking', 'malicious', 'phishing', 'hosts'].map((name) => `rulesets/${name}.json`),
  );
  expect(readdirSync(folder)).toHaveLength(2);
});

test('what was not made to its end is made anew', () => {
  const broken = () => {
    throw new Error('killed');
  };
  expect(() => rulesetFiles('firefox', folder, broken)).toThrow('killed');
  let made = 0;
  const make = () => {
    made += 1;
  };
  rulesetFiles('firefox', folder, make);
  expect(made).toBe(1);
});
