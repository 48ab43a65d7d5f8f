/** A tiny extension for `selfcheck.ts`, written in both flavours, that shows what a driver does to it. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserName, firefoxAddonId } from './driver.js';

const background = `
const api = globalThis.browser ?? globalThis.chrome;
const note = (name, detail) => {
  const key = 'log-' + String(Date.now()).padStart(15, '0') + '-' + Math.random().toString(36).slice(2);
  return api.storage.local.set({ [key]: { name, detail } });
};
globalThis.probe = true;
note('start', null);
api.runtime.onInstalled.addListener((detail) => note('installed', detail.reason));
api.permissions.onAdded.addListener((what) => note('added', what));
api.permissions.onRemoved.addListener((what) => note('removed', what));
api.runtime.onMessage.addListener((message) => { note('message', message); });
`;

const shared = `
const api = globalThis.browser ?? globalThis.chrome;
globalThis.readLog = async () => {
  const all = await api.storage.local.get(null);
  return Object.keys(all).filter((key) => key.startsWith('log-')).sort().map((key) => all[key]);
};
const out = document.querySelector('#out');
for (const button of document.querySelectorAll('button[data-what]')) {
  button.addEventListener('click', () => {
    out.textContent = 'asking';
    api.permissions.request(JSON.parse(button.dataset.what)).then(
      (answer) => { out.textContent = String(answer); },
      (error) => { out.textContent = 'error ' + error; },
    );
  });
}
document.querySelector('#plain')?.addEventListener('click', (event) => {
  document.body.dataset.clicked = String(navigator.userActivation?.isActive) + ' ' + event.isTrusted;
});
document.querySelector('#window')?.addEventListener('click', () => {
  api.windows.create({ type: 'popup', url: 'prompt.html', width: 480, height: 420 });
});
document.querySelector('#tab')?.addEventListener('click', () => { api.tabs.create({ url: 'prompt.html' }); });
document.documentElement.dataset.ready = 'yes';
`;

const ask = (id: string, what: object): string =>
  `<button id="${id}" data-what='${JSON.stringify(what)}'>${id}</button>`;

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><main><h1>${title}</h1>${body}<output id="out" data-testid="out"></output></main>
<script src="page.js" type="module"></script></body></html>`;

/** Folder with the unpacked probe for `browser`. */
export function writeProbe(browser: BrowserName): string {
  const dir = mkdtempSync(join(tmpdir(), `cloudopt-probe-${browser}-`));
  const optional = { permissions: ['tabs', 'bookmarks', 'history'], hosts: ['*://*/*'] };
  const buttons = [
    ask('ask-tabs', { permissions: ['tabs'] }),
    ask('ask-bookmarks', { permissions: ['bookmarks'] }),
    ask('ask-history', { permissions: ['history'] }),
    ask('ask-site', { origins: ['*://site.example/*'] }),
  ].join('');
  const manifest = {
    manifest_version: 3,
    name: 'Cloudopt probe',
    version: '1.0',
    permissions: ['storage', 'scripting'],
    optional_permissions: optional.permissions,
    optional_host_permissions: optional.hosts,
    action: { default_popup: 'popup.html' },
    options_ui: { page: 'options.html', open_in_tab: true },
    content_scripts: [{ matches: ['*://scripted.example/*'], js: ['content.js'] }],
    ...(browser === 'chromium'
      ? { background: { service_worker: 'background.js' } }
      : {
          background: { scripts: ['background.js'] },
          browser_specific_settings: {
            gecko: {
              id: firefoxAddonId,
              strict_min_version: '140.0',
              data_collection_permissions: {
                required: ['none'],
                optional: ['technicalAndInteraction', 'browsingActivity'],
              },
            },
          },
        }),
  };
  const files: Record<string, string> = {
    'manifest.json': JSON.stringify(manifest, null, 2),
    'background.js': background,
    'page.js': shared,
    'content.js': 'document.documentElement.dataset.probed = "yes";',
    'dynamic.js': 'document.documentElement.dataset.dynamic = "yes";',
    'options.html': page(
      'Options',
      `<button id="plain">plain</button><button id="window">window</button><button id="tab">tab</button>${buttons}
      <label>Field <input id="field" data-testid="field" value="old"></label><p id="hidden" hidden>hidden</p>
      <div style="height: 3000px"></div><button id="far">far</button><img id="no-alt" src="pixel.png">
      <p style="height: 10px">end</p>`,
    ),
    'prompt.html': page('Prompt', `${buttons}`),
    'popup.html': page('Popup', `<button id="plain">plain</button><button id="tab">tab</button>`),
  };
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
  writeFileSync(join(dir, 'pixel.png'), Buffer.from(pixel, 'base64'));
  return dir;
}
