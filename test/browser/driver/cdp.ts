import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

export type Fields = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly method: string;
  resolve(result: Fields): void;
  reject(error: Error): void;
}

/** Chrome DevTools Protocol over the browser's own pipe (its file descriptors 3 and 4): JSON texts, each ended by a NUL. */
export class Cdp {
  readonly #write: Writable;
  readonly #waiting = new Map<number, Waiting>();
  readonly #heard = new Set<(method: string, params: Fields, sessionId: string | null) => void>();
  #chunks: Buffer[] = [];
  #lastId = 0;
  #ended: string | null = null;

  constructor(child: ChildProcess) {
    const [, , , write, read] = child.stdio;
    if (!write || !read) throw new Error('the browser was started without its debugging pipe');
    this.#write = write as Writable;
    this.#write.on('error', () => this.#end('pipe broken'));
    (read as Readable).on('data', (chunk: Buffer) => this.#data(chunk));
    (read as Readable).on('close', () => this.#end('browser gone'));
    child.once('exit', (code, signal) => this.#end(`browser ended (${code ?? signal})`));
  }

  /** Called for every event; returns a function that stops it. */
  listen(heard: (method: string, params: Fields, sessionId: string | null) => void): () => void {
    this.#heard.add(heard);
    return () => this.#heard.delete(heard);
  }

  /** Without `sessionId` the command goes to the browser as a whole. */
  send(method: string, params: Fields = {}, sessionId?: string): Promise<Fields> {
    if (this.#ended !== null) return Promise.reject(new Error(`${method}: ${this.#ended}`));
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { method, resolve, reject });
      this.#write.write(
        `${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`,
      );
    });
  }

  #data(chunk: Buffer): void {
    let rest = chunk;
    for (let at = rest.indexOf(0); at >= 0; at = rest.indexOf(0)) {
      this.#chunks.push(rest.subarray(0, at));
      this.#message(JSON.parse(Buffer.concat(this.#chunks).toString('utf8')) as Fields);
      this.#chunks = [];
      rest = rest.subarray(at + 1);
    }
    if (rest.length > 0) this.#chunks.push(rest);
  }

  #message(message: Fields): void {
    const { id, method, params, result, error, sessionId } = message;
    if (typeof id === 'number') {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(`${waiting.method}: ${(error as { message: string }).message}`));
      else waiting?.resolve(result as Fields);
      return;
    }
    const session = typeof sessionId === 'string' ? sessionId : null;
    for (const heard of [...this.#heard]) heard(String(method), (params ?? {}) as Fields, session);
  }

  #end(why: string): void {
    this.#ended ??= why;
    for (const waiting of this.#waiting.values()) waiting.reject(new Error(`${waiting.method}: ${why}`));
    this.#waiting.clear();
  }
}

/** One attachment to one target (page or worker). */
export class CdpSession {
  readonly #cdp: Cdp;
  readonly #stop: () => void;
  readonly #rejects = new Set<(error: Error) => void>();
  #detached = false;

  private constructor(
    cdp: Cdp,
    readonly targetId: string,
    readonly id: string,
  ) {
    this.#cdp = cdp;
    this.#stop = cdp.listen((method, params) => {
      // The browser never answers what was still open at a session's end.
      if (method === 'Target.detachedFromTarget' && params.sessionId === id) this.#end();
    });
  }

  static async attach(cdp: Cdp, targetId: string): Promise<CdpSession> {
    const { sessionId } = await cdp.send('Target.attachToTarget', { targetId, flatten: true });
    return new CdpSession(cdp, targetId, String(sessionId));
  }

  get detached(): boolean {
    return this.#detached;
  }

  listen(heard: (method: string, params: Fields) => void): () => void {
    return this.#cdp.listen((method, params, sessionId) => {
      if (sessionId === this.id) heard(method, params);
    });
  }

  send(method: string, params: Fields = {}): Promise<Fields> {
    if (this.#detached) return Promise.reject(new Error(`${method}: the page or worker is gone`));
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        this.#rejects.delete(fail);
        reject(error);
      };
      this.#rejects.add(fail);
      this.#cdp.send(method, params, this.id).then((result) => {
        this.#rejects.delete(fail);
        resolve(result);
      }, fail);
    });
  }

  /** Value of an expression in the main world, awaited and copied as JSON. */
  async value(expression: string): Promise<unknown> {
    const answer = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    const { result, exceptionDetails } = answer as {
      result: { value?: unknown };
      exceptionDetails?: { text: string; exception?: { description?: string; value?: unknown } };
    };
    if (exceptionDetails !== undefined) {
      const { text, exception } = exceptionDetails;
      throw new Error(`in the page: ${exception?.description ?? String(exception?.value ?? text)}`);
    }
    return result.value;
  }

  async detach(): Promise<void> {
    if (this.#detached) return;
    this.#end();
    await this.#cdp.send('Target.detachFromTarget', { sessionId: this.id }).catch(() => undefined);
  }

  #end(): void {
    this.#detached = true;
    this.#stop();
    for (const fail of [...this.#rejects]) fail(new Error('the page or worker is gone'));
  }
}
