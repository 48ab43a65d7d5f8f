import { expect, test } from 'vitest';
import { coalesced } from '../../../utils/platform/serial';

/** A task whose runs end one by one, when they are told to. */
function held() {
  const ends: ((error?: Error) => void)[] = [];
  const task = () =>
    new Promise<void>((resolve, reject) => {
      ends.push((error) => (error ? reject(error) : resolve()));
    });
  return { task, ends };
}
const turns = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

test('calls that come while a run waits are that run, and no two run at once', async () => {
  const { task, ends } = held();
  const look = coalesced(task);
  const first = look();
  await turns();
  const later = Array.from({ length: 100 }, look);
  await turns();
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await first;
  await turns();
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await Promise.all(later);
  expect(ends).toHaveLength(2);
});

test('a run that fails tells those that waited for it, and ends nothing', async () => {
  const { task, ends } = held();
  const look = coalesced(task);
  const failing = look();
  await turns();
  const after = look();
  ends[0]?.(new Error('no disk'));
  await expect(failing).rejects.toThrow('no disk');
  await turns();
  ends[1]?.();
  await after;
});
