// @vitest-environment happy-dom
import { type ComponentChild, render } from 'preact';
import { useState } from 'preact/hooks';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { RekeyForm } from '../../../components/sync-keys';
import { SyncTurnOff } from '../../../components/sync-off';
import { addressProblem, emptyDraft, PlaceForm } from '../../../components/sync-place';
import { SecretSheet, secretOf } from '../../../components/sync-secret';
import { SyncSettings } from '../../../components/sync-settings';
import { logSentence, stoppedText } from '../../../components/sync-text';
import { typedServer } from '../../../components/typed-server';
import type { LogItemView, SettingView } from '../../../utils/sync/view';

vi.mock('webextension-polyfill', () => import('./fake-browser'));

const root = document.createElement('main');
const find = (testId: string) => {
  const found = root.querySelector<HTMLElement>(`[data-testid="${testId}"]`);
  if (!found) throw new Error(`no ${testId}`);
  return found;
};
const has = (testId: string) => root.querySelector(`[data-testid="${testId}"]`) !== null;
const show = (what: ComponentChild) => act(() => render(what, root));
const click = (testId: string) => act(() => find(testId).click());
const fill = (testId: string, value: string) =>
  act(() => {
    (find(testId) as HTMLInputElement).value = value;
    find(testId).dispatchEvent(new InputEvent('input', { bubbles: true }));
  });

beforeEach(() => document.body.append(root));
afterEach(() => render(null, root));

describe('an address as it is typed', () => {
  test.each([
    ['https://cloud.example/remote.php/dav/files/anna', 'https://cloud.example/remote.php/dav/files/anna/'],
    ['cloud.example', 'https://cloud.example/'],
    [' HTTPS://Cloud.Example:8443/dav/ ', 'https://cloud.example:8443/dav/'],
  ])('%s is %s', (typed, url) => {
    expect(typedServer(typed)).toMatchObject({ kind: 'server', url, scope: 'https://cloud.example/*' });
  });

  test.each([
    ['', 'empty'],
    ['https:/', 'empty'],
    ['http://cloud.example/', 'not-https'],
    ['ftp://cloud.example/', 'not-https'],
    ['https://anna:pw@cloud.example/', 'with-credentials'],
    ['anna@cloud.example', 'with-credentials'],
    ['https://cloud.example/?a=b', 'with-query'],
    ['https://cloud.example/#files', 'with-query'],
    ['cloud example', 'malformed'],
    ['https://', 'empty'],
    ['https://?', 'malformed'],
  ])('%s is %s', (typed, kind) => {
    expect(typedServer(typed).kind).toBe(kind);
  });

  it('may be none but what was allowed, by the person and by the organisation', () => {
    const scope = 'https://cloud.example/*';
    expect(addressProblem('cloud.example/dav', { servers: null, scope })).toBeUndefined();
    expect(addressProblem('other.example', { servers: null, scope })).toContain('cloud.example');
    expect(addressProblem('cloud.example', { servers: ['https://cloud.example'] })).toBeUndefined();
    expect(addressProblem('cloud.example:8443', { servers: ['https://cloud.example'] })).toContain('organisation');
  });
});

describe('PlaceForm', () => {
  const onTurnOn = vi.fn();
  function Form({ servers }: { servers: readonly string[] | null }) {
    const [draft, setDraft] = useState(emptyDraft);
    return <PlaceForm draft={draft} limits={{ servers }} onDraft={setDraft} onSubmit={onTurnOn} disabled={false} />;
  }
  afterEach(() => onTurnOn.mockClear());

  it('turns on with this browser’s own sync at once', async () => {
    await show(<Form servers={null} />);
    await click('sync-turn-on');
    expect(onTurnOn).toHaveBeenCalledOnce();
  });

  it('says what is wrong while it is typed, and goes to the field instead of turning on', async () => {
    await show(<Form servers={null} />);
    await click('sync-place-server');
    expect(find('sync-address-problem').textContent).toBe('');
    await click('sync-turn-on');
    expect(onTurnOn).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(find('sync-address'));
    expect(find('sync-address-problem').textContent).toContain('address of the server');
    await fill('sync-address', 'http://cloud.example');
    expect(find('sync-address-problem').textContent).toContain('https://');
    await fill('sync-address', 'cloud.example');
    expect(find('sync-address-problem').textContent).toBe('');
    await click('sync-turn-on');
    expect(onTurnOn).toHaveBeenCalledOnce();
  });

  it('offers nothing where the organisation allows no place', async () => {
    await show(<Form servers={[]} />);
    expect(has('sync-turn-on')).toBe(false);
    expect(find('sync-no-place').textContent).toContain('organisation');
  });
});

describe('a secret', () => {
  it('is the passphrase or the recovery key, never both and never nothing', () => {
    expect(secretOf({ passphrase: ' lamb tiger ', recovery: '' })).toEqual({ passphrase: 'lamb tiger' });
    expect(secretOf({ passphrase: '', recovery: 'AB-CD' })).toEqual({ recovery: 'AB-CD' });
    expect(secretOf({ passphrase: ' ', recovery: '' })).toBe('missing');
    expect(secretOf({ passphrase: 'a', recovery: 'b' })).toBe('both');
  });

  it('is left only once it is written down', async () => {
    const onDone = vi.fn();
    const secret = { kind: 'recovery', value: 'AB-CD', place: 'there', device: 'Desk', atMs: 0 } as const;
    await show(<SecretSheet secret={secret} onDone={onDone} />);
    expect(find('sync-recovery').textContent).toBe('AB-CD');
    await click('sync-continue');
    expect(onDone).not.toHaveBeenCalled();
    await click('sync-written-down');
    await click('sync-continue');
    expect(onDone).toHaveBeenCalledOnce();
  });

  it('is asked for before the keys are changed, and a wrong one brings the focus back to its field', async () => {
    const onSubmit = vi.fn(async () => ({ field: 'secret', sentence: 'wrong' }) as const);
    await show(<RekeyForm about="" action="Do" testId="do" asksNew onCancel={() => undefined} onSubmit={onSubmit} />);
    await click('do');
    expect(onSubmit).not.toHaveBeenCalled();
    await fill('sync-passphrase', 'present one');
    await click('sync-passphrase-chosen');
    await fill('sync-new-passphrase', 'too short');
    await click('do');
    expect(onSubmit).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(find('sync-new-passphrase'));
    await fill('sync-new-passphrase', 'long enough now');
    await click('do');
    expect(onSubmit).toHaveBeenCalledExactlyOnceWith({ passphrase: 'present one' }, 'long enough now');
    await vi.waitFor(() => expect(document.activeElement).toBe(find('sync-passphrase')));
  });
});

it('asks what becomes of the copy before it turns off', async () => {
  const onOff = vi.fn();
  await show(<SyncTurnOff place="there" onOff={onOff} />);
  await click('sync-turn-off');
  expect(onOff).not.toHaveBeenCalled();
  await click('sync-remote-delete');
  expect(onOff).toHaveBeenCalledExactlyOnceWith('delete');
});

it('shows what syncs by group, a page at a time, and hands on what stays here', async () => {
  const row = (name: string, value: string | null): SettingView => ({
    key: `protection.host/${name}`,
    group: 'host',
    name,
    value,
    deviceOnly: value === null,
    changedMs: null,
    by: null,
  });
  const onDeviceOnly = vi.fn();
  const blocked = Array.from({ length: 30 }, (_, i) => row(`h${i}.example`, 'block'));
  const settings = [row('shop.example', 'allow'), ...blocked, row('odd.example', null)];
  await show(<SyncSettings settings={settings} onDeviceOnly={onDeviceOnly} />);
  const rows = () => [...root.querySelectorAll('[data-testid="sync-setting"]')];
  expect(rows()).toHaveLength(27);
  await click('more-settings');
  expect(rows()).toHaveLength(32);
  await click('sync-device-only');
  expect(onDeviceOnly).toHaveBeenCalledExactlyOnceWith('protection.host/shop.example', true);
});

describe('sentences', () => {
  const item: LogItemView = {
    atMs: 0,
    kind: 'conflict',
    setting: { key: 'protection.host/shop.example', group: 'host', name: 'shop.example' },
    from: 'block',
    to: 'allow',
    by: 'Laptop',
    over: 'Desk',
    count: null,
    warning: null,
  };

  it('tells who won a conflict with what, and what was given up', () => {
    expect(logSentence(item)).toMatch(/shop\.example.*Laptop.*allowed.*Desk.*blocked/);
  });

  it('tells many changes as a number, and a device that is unknown as another', () => {
    expect(logSentence({ ...item, kind: 'received', setting: null, count: 23 })).toBe(
      '23 settings received from Laptop.',
    );
    expect(logSentence({ ...item, kind: 'received', setting: null, count: 1, by: null })).toContain('another device');
  });

  it('says what the server answered', () => {
    expect(stoppedText({ kind: 'trouble', why: 'server-error', afterMs: null, status: 502 })).toContain('502');
    expect(stoppedText({ kind: 'off' })).toContain('off');
  });
});
