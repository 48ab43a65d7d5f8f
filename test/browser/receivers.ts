/** Receivers of reports on this machine, and a build that sends to them: it was built with ports that are put in here. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type MetricsRequest, start as startStatistics } from '../servers/otlp';
import { type SentryEvent, start as startCrashes } from '../servers/sentry';
import { makeCertificates, type Receiver } from '../servers/tls';
import { buildOf } from './cloudopt';
import type { BrowserName, LaunchOptions } from './driver/driver';

export interface Receivers {
  readonly statistics: Receiver<MetricsRequest>;
  readonly crashes: Receiver<SentryEvent>;
  /** How to launch a browser whose Cloudopt sends to these. `built`: the build to put them into, another than the tests' own. */
  options(name: BrowserName, built?: string): Partial<LaunchOptions>;
  stop(): Promise<void>;
}

const built = { statistics: 'statistics.example:4318', crashes: 'crashes.example:4319' };

export async function startReceivers(): Promise<Receivers> {
  const tls = makeCertificates(['statistics.example', 'crashes.example']);
  const [statistics, crashes] = await Promise.all([startStatistics({ tls }), startCrashes({ tls })]);
  const folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-reports-'));
  return {
    statistics,
    crashes,
    options(name, from = buildOf(name, 'reports')) {
      const extensionDir = path.join(folder, name);
      cpSync(from, extensionDir, { recursive: true });
      let places = 0;
      for (const file of readdirSync(extensionDir, { recursive: true, encoding: 'utf8' })) {
        const full = path.join(extensionDir, file);
        if (!file.endsWith('.js') || !statSync(full).isFile()) continue;
        const text = readFileSync(full, 'utf8');
        const here = text
          .replaceAll(built.statistics, `statistics.example:${statistics.port}`)
          .replaceAll(built.crashes, `crashes.example:${crashes.port}`);
        if (here === text) continue;
        places += 1;
        writeFileSync(full, here);
      }
      if (places === 0) throw new Error(`${from} has no endpoints`);
      return { extensionDir, trust: { caPem: tls.caPem, cert: tls.cert } };
    },
    async stop() {
      await Promise.all([statistics.stop(), crashes.stop()]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      tls.dispose();
    },
  };
}
