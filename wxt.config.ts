import { defineConfig } from 'wxt';
import { upcomingBulletins } from './test/fixtures/bulletins-next';
import { upcomingPolicy } from './test/fixtures/policy-next';
import { iconsOf, listSizes, toolbarSizes } from './test/tools/icons/pictures';
import { versionOf } from './test/tools/packages/names';
import { settle } from './test/tools/packages/settle';
import { rulesetFiles } from './test/tools/rulesets/cached';
import { ANSWERS_FILE, storeAnswers } from './test/tools/stores/answers';
import { optionalPermissions, requiredPermissions } from './utils/catalogue/catalogue';
import { blockedPage, listNames } from './utils/catalogue/lists';
import { endpointsFrom } from './utils/reports/endpoints';

// A test build carries a newer policy version and word of an incident; nothing of it is in what ships.
const testBuild = process.env.CLOUDOPT_TEST_BUILD === 'next';
const optional = optionalPermissions();
// Where reports may go: CLOUDOPT_STATISTICS_URL with CLOUDOPT_STATISTICS_PLACE, CLOUDOPT_CRASH_DSN with
// CLOUDOPT_CRASH_PLACE. Without them nothing can be sent.
const endpoints = endpointsFrom(process.env);

export default defineConfig({
  imports: false,
  manifestVersion: 3,
  outDir: process.env.CLOUDOPT_OUT_DIR ?? '.output',
  hooks: {
    'build:publicAssets': (wxt, files) => {
      const firefox = wxt.config.browser === 'firefox';
      files.push(...rulesetFiles(firefox ? 'firefox' : 'chromium', wxt.config.wxtDir));
      const answers = storeAnswers(firefox ? 'firefox' : 'chrome', versionOf(wxt.config.root), endpoints);
      files.push({ relativeDest: ANSWERS_FILE, contents: answers });
    },
    'zip:extension:done': (_wxt, file) => settle(file),
    'zip:sources:done': (_wxt, file) => settle(file),
  },
  zip: {
    // The sources package is the repository, tests included, without the pictures: who rebuilds it may also test it.
    includeSources: ['.gitignore', '.ci/run', 'test/**/*.test.ts', 'test/**/*.test.tsx'],
    excludeSources: ['test/screenshots/**', 'coverage/**', '**/*.log'],
  },
  vite: () => ({
    define: {
      __UPCOMING_POLICY__: JSON.stringify(testBuild ? upcomingPolicy : null),
      __UPCOMING_BULLETINS__: JSON.stringify(testBuild ? upcomingBulletins : null),
      __ENDPOINTS__: JSON.stringify(endpoints),
    },
    esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
    // The module preload polyfill calls fetch, and every supported browser preloads by itself.
    build: {
      modulePreload: { polyfill: false },
      sourcemap: false,
      // Each file of a page is a request of its own: what pages share goes into few of them.
      rollupOptions: { output: { experimentalMinChunkSize: 20_000 } },
    },
  }),
  manifest: ({ browser }) => ({
    name: '__MSG_extension_name__',
    description: '__MSG_extension_description__',
    default_locale: 'en',
    homepage_url: 'https://cloudopt.net',
    ...(testBuild ? { version: '99.0.0' } : {}),
    permissions: [...requiredPermissions],
    optional_permissions: [...optional.permissions],
    optional_host_permissions: [...optional.origins],
    // Off until protection is granted.
    declarative_net_request: {
      rule_resources: listNames.map((id) => ({ id, enabled: false, path: `rulesets/${id}.json` })),
    },
    // The page that stands for a blocked one, and nothing else; at an address that no web page can know. Firefox draws
    // the address of a whole extension at random, Chromium does so with this key.
    web_accessible_resources: [
      { resources: [blockedPage], matches: ['*://*/*'], ...(browser === 'firefox' ? {} : { use_dynamic_url: true }) },
    ],
    content_security_policy: {
      extension_pages:
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' https:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    },
    icons: iconsOf(listSizes),
    action: { default_title: '__MSG_extension_name__', default_icon: iconsOf(toolbarSizes) },
    // The popup by keyboard, as by its button: a person's gesture, with `activeTab`. People may change it in the browser.
    commands: { _execute_action: { suggested_key: { default: 'Alt+Shift+C' } } },
    ...(browser === 'firefox'
      ? {
          browser_specific_settings: {
            gecko: {
              id: 'extension@cloudopt.net',
              strict_min_version: '140.0',
              data_collection_permissions: { required: ['none'], optional: [...optional.dataCollection] },
            },
          },
        }
      : { minimum_chrome_version: '140', storage: { managed_schema: 'managed-schema.json' } }),
  }),
});
