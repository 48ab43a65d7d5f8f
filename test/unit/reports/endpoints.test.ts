import { describe, expect, test } from 'vitest';
import { endpointOf, endpointsUnder, patternOf } from '../../../utils/catalogue/endpoints';
import { endpointsFrom } from '../../../utils/reports/endpoints';

const good = {
  CLOUDOPT_STATISTICS_URL: 'https://statistics.example:4318/v1/metrics',
  CLOUDOPT_STATISTICS_PLACE: 'Falkenstein, Germany',
  CLOUDOPT_CRASH_DSN: 'https://c0ffee@crashes.example/7',
  CLOUDOPT_CRASH_PLACE: 'Falkenstein, Germany',
};

describe('endpoints', () => {
  test('are none unless a build is given some', () => {
    expect(endpointsFrom({})).toEqual({ 'statistics-endpoint': null, 'crash-endpoint': null });
    expect(endpointsUnder({})).toEqual(endpointsFrom({}));
    expect(endpointOf('device', endpointsFrom(good))).toBeNull();
    expect(endpointOf('crash-endpoint', endpointsUnder({}))).toBeNull();
  });

  test('come from the environment of the build', () => {
    const more = { place: 'Falkenstein, Germany', byOrganisation: false };
    const built = endpointsFrom(good);
    expect(built).toEqual({
      'statistics-endpoint': { url: 'https://statistics.example:4318/v1/metrics', auth: null, ...more },
      'crash-endpoint': {
        url: 'https://crashes.example/api/7/envelope/',
        auth: 'Sentry sentry_version=7, sentry_client=cloudopt.javascript/1.0.0, sentry_key=c0ffee',
        ...more,
      },
    });
    expect(built['statistics-endpoint'] && patternOf(built['statistics-endpoint'])).toBe(
      'https://statistics.example/*',
    );
  });

  test.each([
    ['CLOUDOPT_STATISTICS_URL', 'http://statistics.example/v1/metrics'],
    ['CLOUDOPT_STATISTICS_URL', 'statistics.example'],
    ['CLOUDOPT_STATISTICS_URL', 'https://user:pass@statistics.example/'],
    ['CLOUDOPT_STATISTICS_URL', 'https://statistics.example/?key=a'],
    ['CLOUDOPT_STATISTICS_URL', 'https://statistics.example/#a'],
    ['CLOUDOPT_STATISTICS_PLACE', ''],
    ['CLOUDOPT_STATISTICS_PLACE', ' '],
    ['CLOUDOPT_CRASH_DSN', 'https://crashes.example/7'],
    ['CLOUDOPT_CRASH_DSN', 'http://c0ffee@crashes.example/7'],
    ['CLOUDOPT_CRASH_PLACE', 'a'.repeat(101)],
  ])('stop the build where %s is %j', (variable, value) => {
    expect(() => endpointsFrom({ ...good, [variable]: value })).toThrow(variable);
  });
});
