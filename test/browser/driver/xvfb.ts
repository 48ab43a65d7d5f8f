import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

export interface Display {
  /** Such as `:7`. */
  readonly name: string;
  /** This process's environment with the display in it. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs an X client (xdotool, import, …) there; its standard output. Throws when it fails. */
  run(command: string, ...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

const execute = promisify(execFile);

function environment(name: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, DISPLAY: name };
  // With a Wayland session around, the browsers would leave the private display for it.
  delete env.WAYLAND_DISPLAY;
  return env;
}

/** A display that is already there; `stop` leaves it running. */
export function existingDisplay(name: string): Display {
  const env = environment(name);
  // Pictures come as raw bytes, several megabytes each.
  const how = { env, encoding: 'latin1', maxBuffer: 64 * 1024 * 1024 } as const;
  return {
    name,
    env,
    run: async (command, ...args) => (await execute(command, [...args], how)).stdout,
    stop: async () => undefined,
  };
}

/** A private X server on a free display, no window manager. Needs `Xvfb` on the path. */
export async function startXvfb(width = 1400, height = 1000): Promise<Display> {
  const server = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const gone = new Promise<void>((resolve) => {
    server.once('exit', () => resolve());
  });
  const number = await new Promise<string>((resolve, reject) => {
    let said = '';
    server.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('\n')) resolve(said.trim());
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)));
  });
  // A crash of the test must not leave the server behind.
  const atExit = (): void => void server.kill('SIGTERM');
  process.once('exit', atExit);
  return {
    ...existingDisplay(`:${number}`),
    async stop() {
      process.off('exit', atExit);
      server.kill('SIGTERM');
      await gone;
    },
  };
}
