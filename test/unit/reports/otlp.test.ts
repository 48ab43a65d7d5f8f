import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  counterField,
  metricsBody,
  resourceFields,
  type Statistics,
  statisticsFields,
} from '../../../utils/reports/otlp';
import { readMetrics } from '../../servers/otlp';
import { anyStatistics, statisticsSample } from './samples';

/** What a receiver reads in it: attributes and counts by name. */
function read(body: string) {
  const judged = readMetrics(Buffer.from(body));
  if (judged.kind === 'invalid') throw new Error(judged.why);
  const [only] = judged.report.resourceMetrics;
  return {
    attributes: only?.resource.attributes ?? [],
    metrics: only?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? [],
  };
}

describe('the body of statistics', () => {
  test('is this text', () => {
    // The form is that of https://github.com/open-telemetry/opentelemetry-proto/blob/main/examples/metrics.json
    const point = (count: string) =>
      `{"dataPoints":[{"startTimeUnixNano":"1769731200000000000","timeUnixNano":"1769817600000000000","asInt":"${count}"}],"aggregationTemporality":1,"isMonotonic":true}`;
    const attribute = (key: string, value: string) => `{"key":"${key}","value":{"stringValue":"${value}"}}`;
    const attributes = [
      attribute('service.name', 'cloudopt'),
      attribute('service.version', '1.2.3'),
      attribute('user_agent.name', 'Firefox'),
      attribute('user_agent.version', '140'),
      attribute('os.name', 'linux'),
      attribute('browser.language', 'pt-BR'),
      attribute('service.instance.id', 'random'),
    ];
    expect(metricsBody({ ...statisticsSample, installId: 'random' })).toBe(
      `{"resourceMetrics":[{"resource":{"attributes":[${attributes.join(',')}]},` +
        `"scopeMetrics":[{"scope":{"name":"cloudopt.usage-statistics"},"metrics":[` +
        `{"name":"cloudopt.popup.opened","unit":"1","sum":${point('3')}},` +
        `{"name":"cloudopt.prompt.opened","unit":"1","sum":${point('2')}}]}]}]}`,
    );
  });

  test('is what the protocol asks for, and says each field once', () => {
    fc.assert(
      fc.property(anyStatistics, (statistics) => {
        const { attributes, metrics } = read(metricsBody(statistics));
        const said = [
          ...attributes.map(({ key, value }) => ({
            name: key,
            value: 'stringValue' in value ? value.stringValue : '',
          })),
          ...metrics.map(({ name, sum }) => {
            const [point] = sum.dataPoints;
            expect(sum).toMatchObject({ aggregationTemporality: 1, isMonotonic: true });
            expect(point?.startTimeUnixNano).toBe(`${statistics.fromMs}000000`);
            expect(point?.timeUnixNano).toBe(`${statistics.toMs}000000`);
            return { name, value: point && 'asInt' in point ? point.asInt : '' };
          }),
        ];
        expect(said).toEqual([{ name: 'service.name', value: 'cloudopt' }, ...statisticsFields(statistics)]);
        const total = statistics.counters.reduce((sum, { count }) => sum + count, 0);
        const sums = said.filter(({ name }) => name.startsWith('cloudopt.'));
        expect(sums.reduce((sum, { value }) => sum + Number(value), 0)).toBe(total);
      }),
    );
  });

  test('depends on nothing but the statistics, and not on the order of counters', () => {
    const shuffled = anyStatistics.chain((statistics) =>
      fc
        .shuffledSubarray([...statistics.counters], { minLength: statistics.counters.length })
        .map((counters) => [statistics, { ...statistics, counters }] as const),
    );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(metricsBody(other)).toBe(metricsBody(one));
      }),
    );
  });

  test('holds nothing of a field that a person took out, and all others', () => {
    const some = anyStatistics.chain((statistics) =>
      fc
        .subarray([...resourceFields, ...statistics.counters.map(({ name }) => counterField(name)), 'unknown'])
        .map((without) => ({ ...statistics, without })),
    );
    fc.assert(
      fc.property(some, (statistics) => {
        const { attributes, metrics } = read(metricsBody(statistics));
        const names = [...attributes.map(({ key }) => key), ...metrics.map(({ name }) => name)];
        const kept = statisticsFields(statistics).filter(({ name }) => !statistics.without.includes(name));
        expect(names).toEqual(['service.name', ...kept.map(({ name }) => name)]);
      }),
    );
    const all = {
      ...statisticsSample,
      installId: 'random',
      without: [...resourceFields, counterField('popup.opened')],
    };
    expect(metricsBody(all)).not.toMatch(/1\.2\.3|Firefox|140|linux|pt-BR|random|popup/);
  });

  test('says no id that it was not given', () => {
    expect(metricsBody(statisticsSample)).not.toContain('service.instance.id');
    expect(statisticsFields(statisticsSample).map(({ name }) => name)).not.toContain('service.instance.id');
  });

  test('is not made of times or counts that are none', () => {
    const wrong: Partial<Statistics>[] = [
      { fromMs: 2, toMs: 1 },
      { fromMs: -1 },
      { fromMs: 0.5 },
      { toMs: Number.POSITIVE_INFINITY },
      { counters: [{ name: 'a', count: -1 }] },
      { counters: [{ name: 'a', count: 0.5 }] },
      {
        counters: [
          { name: 'a', count: Number.MAX_SAFE_INTEGER },
          { name: 'a', count: 1 },
        ],
      },
    ];
    for (const part of wrong) {
      expect(() => metricsBody({ ...statisticsSample, ...part })).toThrow('broken invariant');
    }
  });
});
