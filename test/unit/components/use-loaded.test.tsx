// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { expect, test } from 'vitest';
import { useLoaded } from '../../../components/use-loaded';

function page(initial: string | undefined) {
  const place = document.createElement('div');
  let loads = 0;
  const load = async () => `loaded ${++loads}`;
  function Page({ input, tick }: { input: string; tick: number }) {
    return useLoaded(load, [input], tick, initial).value ?? 'nothing';
  }
  return async (input: string, tick: number) => {
    let atOnce: string | null = null;
    await act(async () => {
      render(<Page input={input} tick={tick} />, place);
      atOnce = place.textContent;
    });
    // What was loaded is put in its place by effects of its own.
    await act(async () => undefined);
    return { atOnce, after: place.textContent, loads };
  };
}

test('what was there before the first paint is shown at once, and loaded anew only when something changes', async () => {
  const show = page('known');
  expect(await show('a', 0)).toEqual({ atOnce: 'known', after: 'known', loads: 0 });
  expect(await show('a', 0)).toEqual({ atOnce: 'known', after: 'known', loads: 0 });
  expect(await show('a', 1)).toEqual({ atOnce: 'known', after: 'loaded 1', loads: 1 });
  expect(await show('b', 1)).toEqual({ atOnce: 'loaded 1', after: 'loaded 2', loads: 2 });
});

test('without such a value it is loaded at first', async () => {
  const show = page(undefined);
  expect(await show('a', 0)).toEqual({ atOnce: 'nothing', after: 'loaded 1', loads: 1 });
});
