/** `npx tsx test/tools/ensure-servers.ts`: installs on Debian or Ubuntu the WebDAV servers that tests start, if missing. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensure, firstOf, type Need } from './ensure';

/** Debian has servers in /usr/sbin, which is not on everybody's PATH. */
const program = (name: string) => firstOf([`/usr/sbin/${name}`, name]);

export const davPrograms = {
  apache: () => program('apache2'),
  nginx: () => program('nginx'),
  lighttpd: () => program('lighttpd'),
  rclone: () => program('rclone'),
};

/** Where Debian has the servers' modules. */
export const davModules = {
  apache: '/usr/lib/apache2/modules',
  nginxDavExt: '/usr/lib/nginx/modules/ngx_http_dav_ext_module.so',
  lighttpd: '/usr/lib/lighttpd',
};

const need = (what: string, name: string, there: () => boolean): Need => ({ what, debian: name, ubuntu: name, there });

const needs: readonly Need[] = [
  need('OpenSSL', 'openssl', () => firstOf(['openssl']) !== null),
  need('Apache', 'apache2-bin', () => davPrograms.apache() !== null && existsSync(davModules.apache)),
  need('nginx', 'nginx-light', () => davPrograms.nginx() !== null),
  need('dav-ext for nginx', 'libnginx-mod-http-dav-ext', () => existsSync(davModules.nginxDavExt)),
  need('lighttpd', 'lighttpd', () => davPrograms.lighttpd() !== null),
  need('WebDAV for lighttpd', 'lighttpd-mod-webdav', () => existsSync(`${davModules.lighttpd}/mod_webdav.so`)),
  need('TLS for lighttpd', 'lighttpd-mod-openssl', () => existsSync(`${davModules.lighttpd}/mod_openssl.so`)),
  need('rclone', 'rclone', () => davPrograms.rclone() !== null),
];

/** Resolves when all four are there; throws one sentence that says what to install where it can't do that itself. */
export const ensureServers = (): Promise<void> =>
  ensure(needs, {
    who: 'The tests of synchronization',
    otherwise: "run them on Debian or Ubuntu, whose packages' paths they know",
    onUbuntu: 'install them',
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureServers().then(
    () =>
      console.log(
        Object.entries(davPrograms)
          .map(([name, path]) => `${name}: ${path()}`)
          .join('\n'),
      ),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
    },
  );
}
