/**
 * Usage statistics as the body of an OTLP/HTTP request in JSON, which any OpenTelemetry Collector takes: POST to
 * `/v1/metrics` as `application/json`. Names of attributes are those of OpenTelemetry's semantic conventions.
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import { invariant } from '../platform/invariant';
import type { CounterDraft, Resource } from './schema';

export const METRICS_TYPE = 'application/json';

/** Fields of the resource that a person may take out, by the names that they have in the body. */
export const resourceFields = [
  'service.version',
  'user_agent.name',
  'user_agent.version',
  'os.name',
  'browser.language',
  'service.instance.id',
] as const;
export type ResourceField = (typeof resourceFields)[number];

/** A counter's name in the body; by it a person takes that counter out. */
export const counterField = (name: string): string => `cloudopt.${name}`;

export interface Statistics {
  /** Those of one name are added up; their order doesn't matter. */
  readonly counters: readonly Pick<CounterDraft, 'name' | 'count'>[];
  readonly resource: Resource;
  /** The time in which was counted; no two bodies may overlap. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Random and of no other use; stays out where it is not given. */
  readonly installId?: string | undefined;
  /** Names of `resourceFields` and of counters (`counterField`) that stay out; others change nothing. */
  readonly without?: readonly string[] | undefined;
}

export interface Field {
  readonly name: string;
  readonly value: string;
}

/** AGGREGATION_TEMPORALITY_DELTA: an enum is a number in OTLP's JSON. */
const DELTA = 1;

/** 64-bit numbers are decimal texts in OTLP's JSON. */
function nano(ms: number): string {
  invariant(Number.isSafeInteger(ms) && ms >= 0, 'a time is a whole number of milliseconds');
  return String(BigInt(ms) * 1_000_000n);
}

function resourceFieldsOf({ resource, installId }: Statistics): Field[] {
  const values: Record<ResourceField, string | undefined> = {
    'service.version': resource.version,
    'user_agent.name': resource.browser.name,
    'user_agent.version': String(resource.browser.major),
    'os.name': resource.os,
    'browser.language': resource.language,
    'service.instance.id': installId,
  };
  return resourceFields.flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [{ name, value }];
  });
}

function counterFieldsOf({ counters }: Statistics): Field[] {
  const sums = new Map<string, number>();
  for (const { name, count } of counters) {
    const sum = (sums.get(name) ?? 0) + count;
    invariant(Number.isSafeInteger(sum) && count >= 0, 'a count is a whole number');
    sums.set(name, sum);
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, sum]) => ({ name: counterField(name), value: String(sum) }));
}

/** Every field that a person may take out of this body, with what it says, in the body's order. */
export const statisticsFields = (statistics: Statistics): Field[] => [
  ...resourceFieldsOf(statistics),
  ...counterFieldsOf(statistics),
];

/** The exact text of the body: what is shown is what is sent. The same statistics give the same text. */
export function metricsBody(statistics: Statistics): string {
  const without = new Set(statistics.without);
  const { fromMs, toMs } = statistics;
  invariant(fromMs <= toMs, 'the time counted in ends after it began');
  const kept = ({ name }: Field) => !without.has(name);
  const attributes = [{ name: 'service.name', value: 'cloudopt' }, ...resourceFieldsOf(statistics).filter(kept)].map(
    ({ name, value }) => ({ key: name, value: { stringValue: value } }),
  );
  const metrics = counterFieldsOf(statistics)
    .filter(kept)
    .map(({ name, value }) => ({
      name,
      unit: '1',
      sum: {
        dataPoints: [{ startTimeUnixNano: nano(fromMs), timeUnixNano: nano(toMs), asInt: value }],
        aggregationTemporality: DELTA,
        isMonotonic: true,
      },
    }));
  const scopeMetrics = [{ scope: { name: 'cloudopt.usage-statistics' }, metrics }];
  return JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics }] });
}
