import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start } from '../../servers/otlp';
import { type Certificates, makeCertificates, spkiSha256 } from '../../servers/tls';
import { call } from './client';

let tls: Certificates;
beforeAll(() => {
  tls = makeCertificates(['localhost', '*.reports.example', '127.0.0.1']);
});
afterAll(() => tls.dispose());

describe('throw-away certificates', () => {
  test('are for the names asked for, and signed by an authority of their own', () => {
    const server = new X509Certificate(tls.cert);
    const authority = new X509Certificate(tls.caPem);
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkHost('a.reports.example')).toBe('*.reports.example');
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(server.checkHost('b.test')).toBeUndefined();
    expect(authority.ca).toBe(true);
    expect(server.ca).toBe(false);
    expect(server.verify(authority.publicKey)).toBe(true);
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(Date.parse(server.validTo) - Date.now()).toBeLessThan(3 * 24 * 60 * 60 * 1000);
    expect(readFileSync(tls.caFile, 'utf8')).toBe(tls.caPem);
  });

  test('are others each time, and gone when disposed of', () => {
    const other = makeCertificates(['localhost']);
    expect(other.caPem).not.toBe(tls.caPem);
    other.dispose();
    expect(existsSync(dirname(other.caFile))).toBe(false);
    expect(() => makeCertificates(['a b,c'])).toThrow('openssl');
  });

  test('have the hash that Chromium knows a key by', () => {
    const key = createPublicKey(tls.key).export({ type: 'spki', format: 'der' });
    expect(spkiSha256(tls.cert)).toBe(createHash('sha256').update(key).digest('base64'));
  });

  test('are trusted by who trusts the authority, and by no other', async () => {
    const receiver = await start({ tls });
    const other = makeCertificates(['localhost']);
    try {
      await expect(call({ port: receiver.port, ca: tls.caPem, path: '/' })).resolves.toMatchObject({ status: 400 });
      await expect(call({ port: receiver.port, ca: other.caPem, path: '/' })).rejects.toThrow(/certificate|signature/);
    } finally {
      other.dispose();
      await receiver.stop();
    }
  });
});
