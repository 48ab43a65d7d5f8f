import type { ChildProcess } from 'node:child_process';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pause } from './driver.js';

interface Waiting {
  readonly command: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** An error that Firefox answered with; `code` is WebDriver's, e.g. `no such element`. */
export class MarionetteError extends Error {
  override readonly name = 'MarionetteError';
  constructor(
    readonly code: string,
    command: string,
    message: string,
  ) {
    super(`${command}: ${code}: ${message}`);
  }
}

/** A TCP port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Firefox's remote control: `length:json` messages over TCP. Commands are answered in any order. */
export class Marionette {
  readonly #waiting = new Map<number, Waiting>();
  #buffer = Buffer.alloc(0);
  #lastId = 0;
  #ended = false;

  private constructor(
    private readonly socket: Socket,
    greeted: () => void,
  ) {
    socket.on('data', (chunk: Buffer) => this.#data(chunk, greeted));
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
  }

  /** Tries until Firefox listens; throws when it ends first or `timeoutMs` have passed. */
  static async connect(port: number, child: ChildProcess, timeoutMs = 90_000): Promise<Marionette> {
    const endMs = Date.now() + timeoutMs;
    for (;;) {
      const one = await Marionette.#attempt(port);
      if (one !== null) return one;
      const ended = child.exitCode ?? child.signalCode;
      if (ended !== null) throw new Error(`Firefox ended with ${ended}`);
      if (Date.now() > endMs) throw new Error(`Firefox does not listen on port ${port}`);
      await pause(100);
    }
  }

  static #attempt(port: number): Promise<Marionette | null> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      const marionette = new Marionette(socket, () => resolve(marionette));
      socket.once('error', () => resolve(null));
      socket.once('close', () => resolve(null));
    });
  }

  #data(chunk: Buffer, greeted: () => void): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const colon = this.#buffer.indexOf(0x3a);
      if (colon < 0) return;
      const end = colon + 1 + Number(this.#buffer.subarray(0, colon).toString());
      if (this.#buffer.length < end) return;
      const message: unknown = JSON.parse(this.#buffer.subarray(colon + 1, end).toString('utf8'));
      this.#buffer = this.#buffer.subarray(end);
      if (!Array.isArray(message)) {
        greeted();
        continue;
      }
      const [, id, error, result] = message as [number, number, { error: string; message: string } | null, unknown];
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === null) waiting?.resolve(result);
      else waiting?.reject(new MarionetteError(error.error, waiting.command, error.message));
    }
  }

  #end(): void {
    this.#ended = true;
    for (const waiting of this.#waiting.values()) waiting.reject(new Error(`${waiting.command}: Firefox is gone`));
    this.#waiting.clear();
  }

  /** Sends one command; its result, without the `{value}` that most are wrapped in. */
  send(command: string, params: object = {}): Promise<unknown> {
    if (this.#ended) return Promise.reject(new Error(`${command}: Firefox is gone`));
    this.#lastId += 1;
    const id = this.#lastId;
    const text = Buffer.from(JSON.stringify([0, id, command, params]));
    return new Promise((resolve, reject) => {
      const unwrap = (result: unknown): void => {
        const wrapped = typeof result === 'object' && result !== null && 'value' in result;
        resolve(wrapped ? result.value : result);
      };
      this.#waiting.set(id, { command, resolve: unwrap, reject });
      this.socket.write(Buffer.concat([Buffer.from(`${text.length}:`), text]));
    });
  }

  /** Value of an expression in the current context, awaited; `system` runs it with the browser's own rights. */
  async value(expression: string, system: boolean): Promise<unknown> {
    const script = `const done = arguments[arguments.length - 1];
(async () => {
  const value = await (0, () => { ${system ? '' : '"use strict";'} return (${expression}\n); })();
  return JSON.stringify({ value });
})().then(done, (error) => done(JSON.stringify({ error: String(error), stack: String(error?.stack ?? '') })));`;
    const answer = await this.send('WebDriver:ExecuteAsyncScript', {
      script,
      args: [],
      newSandbox: true,
      sandbox: system ? 'system' : null,
    });
    // The page left for another before it had answered, as a script that navigates may.
    if (answer === null) return undefined;
    const { value, error, stack } = JSON.parse(String(answer)) as { value?: unknown; error?: string; stack?: string };
    if (error !== undefined) throw new Error(`in the page: ${error}\n${stack ?? ''}`);
    return value;
  }

  close(): void {
    this.socket.destroy();
  }
}
