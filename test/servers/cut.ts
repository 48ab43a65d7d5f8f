import { request } from 'node:https';

export interface CutPut {
  readonly port: number;
  readonly ca: string;
  readonly path: string;
  /** The header `Authorization`. */
  readonly authorization: string;
  readonly text: string;
}

/** Sends the first half of a PUT, and goes away. */
export const cutPut = ({ port, ca, path, authorization, text }: CutPut): Promise<void> =>
  new Promise((resolve) => {
    const headers = { authorization, 'content-length': Buffer.byteLength(text) };
    const options = {
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      ca,
      method: 'PUT',
      path,
      headers,
      agent: false,
    };
    const put = request(options);
    put.once('error', () => resolve());
    put.once('close', () => resolve());
    put.write(text.slice(0, text.length / 2), () => put.destroy());
  });
