import { describe, expect, test, vi } from 'vitest';
import { attach, Channel, type EventSource, Forwarder } from '../../../utils/leases/forwarder';

class Event implements EventSource<[string]> {
  readonly listeners = new Set<(text: string) => void>();
  addListener(listener: (text: string) => void): void {
    this.listeners.add(listener);
  }
  removeListener(listener: (text: string) => void): void {
    this.listeners.delete(listener);
  }
  fire(text: string): void {
    for (const listener of [...this.listeners]) listener(text);
  }
}

function world() {
  let start: () => void = () => undefined;
  let fail: (why: Error) => void = () => undefined;
  const started = new Promise<void>((resolve, reject) => {
    start = resolve;
    fail = reject;
  });
  return { event: new Event(), started, start, fail };
}
/** Lets every settled promise be heard. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a forwarder', () => {
  test('listens in the turn in which it is made', () => {
    const { event, started } = world();
    const forwarder = new Forwarder(() => event, started);
    expect(event.listeners.size).toBe(1);
    expect(forwarder.registered).toBe(true);
  });

  test('holds events until the start, then hands them on in order', async () => {
    const { event, started, start } = world();
    const forwarder = new Forwarder(() => event, started);
    const heard: string[] = [];
    event.fire('one');
    event.fire('two');
    forwarder.add((text) => heard.push(text));
    await settle();
    expect(heard).toEqual([]);
    start();
    await settle();
    expect(heard).toEqual(['one', 'two']);
    event.fire('three');
    await settle();
    expect(heard).toEqual(['one', 'two', 'three']);
  });

  test('drops events that no lease hears, and takes itself off after the start', async () => {
    const { event, started, start } = world();
    const forwarder = new Forwarder(() => event, started);
    event.fire('lost');
    start();
    await settle();
    expect(event.listeners.size).toBe(0);
    expect(forwarder.registered).toBe(false);
    const heard: string[] = [];
    forwarder.add((text) => heard.push(text));
    await settle();
    expect(heard).toEqual([]);
  });

  test('takes itself off with its last lease, and comes back with the next', async () => {
    const { event, started, start } = world();
    const forwarder = new Forwarder(() => event, started);
    const heard: string[] = [];
    const [first, second] = [new AbortController(), new AbortController()];
    attach(forwarder, first.signal, (text) => heard.push(`1 ${text}`));
    attach(forwarder, second.signal, (text) => heard.push(`2 ${text}`));
    start();
    await settle();
    first.abort();
    expect(event.listeners.size).toBe(1);
    event.fire('a');
    await settle();
    expect(heard).toEqual(['2 a']);
    second.abort();
    expect(event.listeners.size).toBe(0);
    const third = new AbortController();
    attach(forwarder, third.signal, (text) => heard.push(`3 ${text}`));
    expect(event.listeners.size).toBe(1);
    event.fire('b');
    await settle();
    expect(heard).toEqual(['2 a', '3 b']);
  });

  test('hands an event that came before the halt to nobody after it', async () => {
    const { event, started, start } = world();
    const forwarder = new Forwarder(() => event, started);
    const heard: string[] = [];
    const lease = new AbortController();
    attach(forwarder, lease.signal, (text) => heard.push(text));
    event.fire('before');
    lease.abort();
    start();
    await settle();
    expect(heard).toEqual([]);
  });

  test('looks its event up anew: an optional API appears with its grant', async () => {
    const { event, started, start } = world();
    let granted = false;
    const forwarder = new Forwarder(() => (granted ? event : undefined), started);
    expect(forwarder.registered).toBe(false);
    start();
    await settle();
    granted = true;
    forwarder.add(() => undefined);
    expect(event.listeners.size).toBe(1);
  });

  test('listens once, however many leases hear it', async () => {
    const { event, started, start } = world();
    const forwarder = new Forwarder(() => event, started);
    const heard: string[] = [];
    forwarder.add((text) => heard.push(`1 ${text}`));
    forwarder.add((text) => heard.push(`2 ${text}`));
    start();
    await settle();
    event.fire('a');
    await settle();
    expect(heard).toEqual(['1 a', '2 a']);
  });

  test('of a start that failed hands on nothing', async () => {
    const { event, started, fail } = world();
    const forwarder = new Forwarder(() => event, started);
    const heard: string[] = [];
    forwarder.add((text) => heard.push(text));
    event.fire('a');
    fail(new Error('no start'));
    await settle();
    expect(heard).toEqual([]);
    expect(forwarder.attached).toBe(1);
  });
});

describe('where the API comes a moment after its permission', () => {
  test('the forwarder listens as soon as it is there', () => {
    vi.useFakeTimers();
    try {
      const { event, started } = world();
      let api: Event | undefined;
      const forwarder = new Forwarder(() => api, started);
      forwarder.add(() => undefined);
      vi.advanceTimersByTime(300);
      expect(forwarder.registered).toBe(false);
      api = event;
      vi.advanceTimersByTime(100);
      expect(event.listeners.size).toBe(1);
      vi.runAllTimers();
      expect(event.listeners.size).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('it does not where nobody wants it any more, and gives up in the end', () => {
    vi.useFakeTimers();
    try {
      const { event, started } = world();
      let api: Event | undefined;
      const forwarder = new Forwarder(() => api, started);
      const heard = () => undefined;
      forwarder.add(heard);
      forwarder.delete(heard);
      api = event;
      vi.runAllTimers();
      expect(event.listeners.size).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

test('nothing attaches under a lease that is over', () => {
  const channel = new Channel<[string]>();
  expect(() => attach(channel, AbortSignal.abort(), () => undefined)).toThrow();
  expect(channel.attached).toBe(0);
});

test('a channel reaches whoever is attached at that moment', () => {
  const channel = new Channel<[string]>();
  const heard: string[] = [];
  const lease = new AbortController();
  channel.emit('nobody');
  attach(channel, lease.signal, (text) => heard.push(text));
  channel.emit('a');
  lease.abort();
  channel.emit('b');
  expect(heard).toEqual(['a']);
});
