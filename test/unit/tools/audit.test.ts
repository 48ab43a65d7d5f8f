import { expect, test } from 'vitest';
import { readAudit } from '../../tools/audit';

const entry = (name: string, severity: string) => ({
  [name]: { name, severity, range: '<1.0.0', via: [], isDirect: true },
});
const printed = (vulnerabilities: object) => JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: {} });

test('no known weakness is none', () => {
  expect(readAudit(printed({}))).toEqual({ kind: 'checked', found: [], failing: [] });
});

test('high and critical ones fail, lesser ones are told', () => {
  expect(readAudit(printed({ ...entry('a', 'moderate'), ...entry('b', 'high'), ...entry('c', 'critical') }))).toEqual({
    kind: 'checked',
    found: ['a <1.0.0: moderate', 'b <1.0.0: high', 'c <1.0.0: critical'],
    failing: ['b <1.0.0: high', 'c <1.0.0: critical'],
  });
});

test('a registry that does not answer is told from a report', () => {
  const refused = { message: '405 Method Not Allowed', statusCode: 405, body: '' };
  expect(readAudit(JSON.stringify(refused))).toEqual({ kind: 'no-answer', why: '405 Method Not Allowed' });
  const offline = { error: { code: 'ENOTFOUND', summary: 'request failed', detail: '' } };
  expect(readAudit(JSON.stringify(offline))).toEqual({ kind: 'no-answer', why: 'request failed' });
});

test('what can’t be read is no clean report', () => {
  expect(readAudit('')).toEqual({ kind: 'unreadable' });
  expect(readAudit('{"vulnerabilities":[1]}')).toEqual({ kind: 'unreadable' });
  expect(readAudit(printed(entry('a', 'dreadful')))).toEqual({ kind: 'unreadable' });
});
