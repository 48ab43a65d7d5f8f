/**
 * Four real WebDAV servers over TLS on loopback, as different as they come: lighttpd is the strict one, nginx the ignorant
 * one, Apache the racy one, rclone the hostile one, which puts a part of a file in the place of a whole one.
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { davModules, davPrograms } from '../tools/ensure-servers';
import { call } from '../unit/servers/client';
import type { Certificates } from './tls';

export const davServers = ['apache', 'nginx', 'lighttpd', 'rclone'] as const;
export type DavServerName = (typeof davServers)[number];

export interface DavServer {
  readonly name: DavServerName;
  /** `https://HOST:PORT/`: a folder that is there, and empty at first. */
  readonly url: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Everything that the server keeps on disk; `data` in it is the folder that it serves. */
  readonly folder: string;
  stop(): Promise<void>;
}

export interface DavOptions {
  readonly tls: Pick<Certificates, 'key' | 'cert' | 'caPem'>;
  /** The name in `url`; the certificate must be for it. */
  readonly host?: string;
  /** Apache alone: tags as it makes them by itself, weak for a while after each write, instead of from the content. */
  readonly weakTags?: boolean;
}

/** The header `Authorization` of who may use it. */
export const authorizationOf = ({ user, password }: Pick<DavServer, 'user' | 'password'>): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** Started by root, they run as nobody: none of them wants to serve as root. */
const nobody = 65_534;
const isRoot = () => process.getuid?.() === 0;
const startsWithin = 15_000;
const user = 'someone';

interface Setting {
  readonly folder: string;
  readonly port: number;
  readonly password: string;
  readonly weakTags: boolean;
}

interface Program {
  readonly files: Readonly<Record<string, string>>;
  readonly arguments: readonly string[];
}

/** A line of an htpasswd file as both Apache and nginx read it. */
const htpasswd = (password: string) => `${user}:{SHA}${createHash('sha1').update(password).digest('base64')}\n`;

const programs: Readonly<Record<DavServerName, (setting: Setting) => Program>> = {
  apache: ({ folder, port, password, weakTags }) => {
    const modules = [
      'mpm_event',
      'authn_core',
      'authn_file',
      'authz_core',
      'authz_user',
      'auth_basic',
      'dav',
      'dav_fs',
      'ssl',
    ];
    const loads = modules.map((name) => `LoadModule ${name}_module ${davModules.apache}/mod_${name}.so`);
    const config = `${loads.join('\n')}
ServerRoot ${folder}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile tmp/pid
ErrorLog tmp/error.log
Mutex file:${folder}/tmp default
DefaultRuntimeDir tmp
DavLockDB tmp/DavLock
SSLEngine on
SSLCertificateFile cert.pem
SSLCertificateKeyFile key.pem
SSLSessionCache none
DocumentRoot data
${weakTags ? '' : 'FileETag Digest'}
<Directory ${folder}/data>
Dav On
AuthType Basic
AuthName dav
AuthUserFile passwords
Require valid-user
</Directory>
`;
    const files = { 'httpd.conf': config, passwords: htpasswd(password) };
    return { files, arguments: ['-D', 'FOREGROUND', '-f', join(folder, 'httpd.conf')] };
  },

  nginx: ({ folder, port, password }) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const config = `load_module ${davModules.nginxDavExt};
daemon off;
pid tmp/pid;
error_log tmp/error.log;
events {}
http {
${temporary.map((name) => `${name}_temp_path tmp/${name};`).join('\n')}
access_log off;
client_max_body_size 8m;
dav_ext_lock_zone zone=locks:1m;
server {
listen 127.0.0.1:${port} ssl;
ssl_certificate cert.pem;
ssl_certificate_key key.pem;
root ${folder}/data;
auth_basic dav;
auth_basic_user_file ${folder}/passwords;
location / {
dav_methods PUT DELETE MKCOL COPY MOVE;
dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;
dav_ext_lock zone=locks;
}
}
}
`;
    const files = { 'nginx.conf': config, passwords: htpasswd(password) };
    return { files, arguments: ['-p', folder, '-e', 'tmp/error.log', '-c', 'nginx.conf'] };
  },

  lighttpd: ({ folder, port, password }) => {
    const config = `server.modules = ("mod_openssl", "mod_auth", "mod_authn_file", "mod_webdav")
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${folder}/data"
server.upload-dirs = ("${folder}/tmp")
server.errorlog = "${folder}/tmp/error.log"
ssl.engine = "enable"
ssl.pemfile = "${folder}/both.pem"
auth.backend = "plain"
auth.backend.plain.userfile = "${folder}/passwords"
auth.require = ("" => ("method" => "basic", "realm" => "dav", "require" => "valid-user"))
webdav.activate = "enable"
webdav.sqlite-db-name = "${folder}/tmp/lock.db"
mimetype.assign = ("" => "application/octet-stream")
`;
    const files = { 'lighttpd.conf': config, passwords: `${user}:${password}\n` };
    return { files, arguments: ['-D', '-m', davModules.lighttpd, '-f', join(folder, 'lighttpd.conf')] };
  },

  rclone: ({ folder, port, password }) => ({
    files: {},
    arguments: [
      ...['serve', 'webdav', join(folder, 'data'), '--addr', `127.0.0.1:${port}`, '--config', '/dev/null'],
      ...['--cert', join(folder, 'cert.pem'), '--key', join(folder, 'key.pem'), '--user', user, '--pass', password],
      ...['--cache-dir', join(folder, 'tmp')],
    ],
  }),
};

/** A port of loopback that was free a moment ago. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });

function own(folder: string): void {
  if (!isRoot()) return;
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file));
  for (const file of [folder, ...all]) chownSync(file, nobody, nobody);
}

/** Starts one of them on a free port, and resolves when it answers. */
export async function startDav(
  name: DavServerName,
  { tls, host = 'localhost', weakTags = false }: DavOptions,
): Promise<DavServer> {
  const path = davPrograms[name]();
  if (path === null) throw new Error(`${name} is not installed; as root: npx tsx test/tools/ensure-servers.ts`);
  const folder = mkdtempSync(join(tmpdir(), `cloudopt-${name}-`));
  const password = randomBytes(12).toString('base64url');
  const port = await freePort();
  const program = programs[name]({ folder, port, password, weakTags });
  for (const inside of ['data', 'tmp']) mkdirSync(join(folder, inside));
  const certificates = { 'cert.pem': tls.cert, 'key.pem': tls.key, 'both.pem': tls.key + tls.cert };
  for (const [file, text] of Object.entries({ ...certificates, ...program.files }))
    writeFileSync(join(folder, file), text);
  own(folder);

  const server = spawn(path, program.arguments, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: join(folder, 'tmp') },
    ...(isRoot() ? { uid: nobody, gid: nobody } : {}),
  });
  let said = '';
  let over = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      over = true;
      resolve();
    };
    server.once('exit', end);
    server.once('error', (error) => {
      said += String(error);
      end();
    });
  });
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (words: Buffer) => {
      said += words.toString();
    });
  }
  // A test run that is killed takes its servers along.
  const kill = () => void server.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    process.off('exit', kill);
    if (!over) server.kill('SIGTERM');
    const late = setTimeout(kill, 5000);
    await ended;
    clearTimeout(late);
    rmSync(folder, { recursive: true, force: true });
  };

  const authorization = authorizationOf({ user, password });
  const answers = () =>
    call({ port, ca: tls.caPem, path: '/', method: 'PROPFIND', headers: { depth: '0', authorization } }).then(
      ({ status }) => status === 207,
      () => false,
    );
  for (const untilMs = Date.now() + startsWithin; !(await answers()); ) {
    if (over || Date.now() > untilMs) {
      await stop();
      throw new Error(`${name} did not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { name, url: `https://${host}:${port}/`, port, user, password, folder, stop };
}
