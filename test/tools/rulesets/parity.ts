/**
 * Asks Chromium itself whether compacted lists treat requests as the raw ones do: `npx tsx test/tools/rulesets/parity.ts [10500]`.
 * Exits with 1 where the exact step differs at all, or where what ships stops a request that the raw lists let through:
 * it is narrower by intention, since bare host names no longer count where they stand in the middle of an address.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launchers } from '../../browser/driver/launchers';
import { bareHosts, exact, renumbered } from './compact';
import { readRaw } from './make';
import { requestsAround, type WebRequest } from './match';
import { parseList, type Rule, written } from './rules';
import { type ListName, listNames } from './select';

const EACH_CALL = 500;

interface Outcome {
  readonly matchedRules: readonly { readonly rulesetId: string; readonly ruleId: number }[];
}
interface Api {
  readonly chrome: {
    declarativeNetRequest: {
      testMatchOutcome(request: object): Promise<Outcome>;
      updateEnabledRulesets(change: object): Promise<void>;
      getEnabledRulesets(): Promise<string[]>;
    };
  };
}

const steps = ['raw', 'exact', 'ships'] as const;
type Step = (typeof steps)[number];

/** What the browser is asked; it tells third parties by the initiator itself. */
const asked = ({ url, type, initiatorDomain }: WebRequest) => ({
  url,
  type,
  ...(initiatorDomain === undefined ? {} : { initiator: `https://${initiatorDomain}` }),
});

export interface Parity {
  readonly list: ListName;
  readonly requests: number;
  /** Of these, how many a raw rule is about. */
  readonly matched: number;
  /** By the exact step. */
  readonly differ: number;
  /** Let through by what ships, stopped by the raw list. */
  readonly narrower: number;
  /** The other way round. */
  readonly wider: number;
}

/** What Chromium says about so many requests, list by list. */
export async function measureParity(requests: number): Promise<readonly Parity[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cloudopt-parity-'));
  const rules = new Map<string, readonly Rule[]>();
  for (const list of listNames) {
    const kept = parseList(readRaw(list)).rules;
    const exactly = renumbered(exact(kept));
    const made: Record<Step, readonly Rule[]> = {
      raw: renumbered(kept),
      exact: exactly,
      ships: renumbered(bareHosts(exactly)),
    };
    for (const step of steps) {
      rules.set(`${list}-${step}`, made[step]);
      writeFileSync(join(folder, `${list}-${step}.json`), JSON.stringify(made[step].map(written)));
    }
  }
  const manifest = {
    manifest_version: 3,
    name: 'Parity',
    version: '1.0',
    permissions: ['declarativeNetRequest', 'declarativeNetRequestFeedback'],
    host_permissions: ['<all_urls>'],
    background: { service_worker: 'background.js' },
    declarative_net_request: {
      rule_resources: [...rules.keys()].map((id) => ({ id, enabled: false, path: `${id}.json` })),
    },
  };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'background.js'), '');
  writeFileSync(join(folder, 'page.html'), '<!doctype html><title>Parity</title>');
  const browser = await launchers.chromium({ extensionDir: folder });
  const all: Parity[] = [];
  try {
    const page = await browser.open('page.html');
    const verdicts = async (id: string, sample: readonly WebRequest[]): Promise<string[]> => {
      await page.evaluate(async (on: string) => {
        const { declarativeNetRequest: net } = (globalThis as unknown as Api).chrome;
        await net.updateEnabledRulesets({ disableRulesetIds: await net.getEnabledRulesets() });
        await net.updateEnabledRulesets({ enableRulesetIds: [on] });
      }, id);
      const found: string[] = [];
      const byId = new Map((rules.get(id) ?? []).map((rule) => [rule.id, rule]));
      for (let from = 0; from < sample.length; from += EACH_CALL) {
        const ids = await page.evaluate(
          (batch: readonly object[]) =>
            Promise.all(
              batch.map(async (request) => {
                const { declarativeNetRequest: net } = (globalThis as unknown as Api).chrome;
                return (await net.testMatchOutcome(request)).matchedRules[0]?.ruleId ?? 0;
              }),
            ),
          sample.slice(from, from + EACH_CALL).map(asked),
        );
        found.push(...ids.map((one) => byId.get(one)?.action.type ?? 'none'));
      }
      return found;
    };
    for (const list of listNames) {
      const sample = requestsAround(rules.get(`${list}-raw`) ?? [], Math.ceil(requests / listNames.length));
      const raw = await verdicts(`${list}-raw`, sample);
      const exactly = await verdicts(`${list}-exact`, sample);
      const ships = await verdicts(`${list}-ships`, sample);
      const matched = raw.filter((verdict) => verdict !== 'none').length;
      const differ = raw.filter((verdict, at) => verdict !== exactly[at]).length;
      const narrower = raw.filter((verdict, at) => verdict === 'block' && ships[at] !== 'block').length;
      const wider = raw.filter((verdict, at) => verdict !== 'block' && ships[at] === 'block').length;
      all.push({ list, requests: sample.length, matched, differ, narrower, wider });
    }
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return all;
}

async function main(requests: number): Promise<number> {
  const all = await measureParity(requests);
  for (const { list, requests: asked, matched, differ, narrower, wider } of all) {
    console.log(
      `${list}: ${asked} requests, ${matched} matched; the exact step differs in ${differ}; ` +
        `of what ships, ${narrower} are let through and ${wider} blocked that were not`,
    );
  }
  console.log(`${all.reduce((sum, one) => sum + one.requests, 0)} requests in all`);
  return all.some(({ differ, wider, matched }) => differ > 0 || wider > 0 || matched === 0) ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exit(await main(Number(process.argv[2] ?? 10_500)));
}
