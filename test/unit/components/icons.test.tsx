// @vitest-environment happy-dom
import { render } from 'preact';
import { expect, test } from 'vitest';
import { CapabilityIcon, Icon, type IconName } from '../../../components/icons';
import { capabilityIds } from '../../../utils/catalogue/catalogue';

const states: readonly IconName[] = [
  'on',
  'off',
  'refused',
  'never',
  'stopped',
  'expired',
  'paused',
  'held',
  'unsupported',
];

function drawn(icon: Parameters<typeof render>[0]): string {
  const place = document.createElement('div');
  render(icon, place);
  return place.innerHTML;
}

test('each capability and each state has a picture of its own, hidden from screen readers', () => {
  const pictures = [
    ...capabilityIds.map((id) => drawn(<CapabilityIcon id={id} />)),
    ...states.map((name) => drawn(<Icon name={name} />)),
  ];
  expect(new Set(pictures).size).toBe(pictures.length);
  for (const picture of pictures) {
    expect(picture).toMatch(/^<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><\w/);
  }
});

test('only what points along the line turns with its direction', () => {
  expect(drawn(<Icon name="onward" />)).toContain('icon-directed');
  expect(drawn(<Icon name="back" />)).toContain('icon-directed');
  expect(drawn(<Icon name="history" />)).not.toContain('icon-directed');
});
