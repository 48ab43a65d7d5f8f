import { describe, expect, test } from 'vitest';
import { aboutFrom } from '../../../utils/background/about';
import { resource } from '../../../utils/reports/schema';

const chrome = '(KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';

describe('what reports say of where they come from', () => {
  test.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0', 'Firefox', 153, 'Linux'],
    ['Mozilla/5.0 (Android 15; Mobile; rv:142.0) Gecko/142.0 Firefox/142.0', 'Firefox', 142, 'Android'],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 ${chrome}`, 'Chromium', 156, 'Windows'],
    [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 ${chrome} Edg/156.0`, 'Edge', 156, 'macOS'],
    [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 ${chrome}`, 'Chromium', 156, 'ChromeOS'],
    ['something else', 'Unknown', 1, 'Unknown'],
  ])('%s', (userAgent, name, major, os) => {
    const about = aboutFrom(userAgent, '0.1.0', 'pt-BR');
    expect(about).toEqual({ version: '0.1.0', browser: { name, major }, os, language: 'pt-BR' });
    expect(resource.safeParse(about).success).toBe(true);
  });
});
