/**
 * The architecture, held by the linter: `npx depcruise entrypoints components utils --config dependency-cruiser.config.cjs`.
 * Each folder of utils/ is a stage of the pipeline in utils/README.md and uses only what is listed for it, besides
 * itself and platform/, whose ports all may use.
 */
const mayUse = {
  platform: [],
  /** Rows of reports are records too; their texts' shapes stand with the scrubbing that they demand. */
  catalogue: ['reports/schema'],
  /** An organisation's endpoints are read as the build's are. */
  policy: ['catalogue', 'reports/endpoints', 'reports/sentry'],
  storage: [],
  messages: [
    'catalogue',
    'policy',
    'grants/schema',
    'grants/ledger-entry',
    'reports/counters',
    'reports/schema',
    'reports/settings',
    'sync/view',
  ],
  prompts: ['catalogue', 'policy', 'messages'],
  grants: ['catalogue', 'policy', 'storage'],
  leases: ['catalogue', 'grants'],
  /** Pure, but for the settings, which read and write a lease's checkpoint. */
  reports: ['catalogue', 'leases/lease'],
  /** What syncs and how; it reaches places only through what it is handed. */
  sync: ['catalogue', 'leases/lease', 'egress/wire'],
  capabilities: ['catalogue', 'leases', 'reports', 'sync', 'egress/wire'],
  records: ['catalogue', 'storage', 'leases', 'grants', 'messages'],
  egress: ['catalogue', 'leases', 'storage'],
  exports: ['catalogue', 'reports/scrub', 'policy', 'grants', 'records', 'messages'],
  /** The composition: it may use every stage, and only the entrypoint uses it. */
  background: ['[a-z]+'],
};

const stages = Object.keys(mayUse);
const pages = '^(components/|entrypoints/[^/]+/|entrypoints/site-insight-observer\\.ts$)';
/** `grants/schema` names one file, `grants` a folder. */
const pathOf = (stage) => (/^[a-z]+\/[a-z-]+$/.test(stage) ? `${stage}\\.ts$` : `${stage}/`);

module.exports = {
  forbidden: [
    ...Object.entries(mayUse).map(([stage, uses]) => ({
      name: `flow: ${stage}`,
      comment: `utils/${stage} uses ${uses.join(', ') || 'nothing'} and platform: no stage imports a later one`,
      severity: 'error',
      from: { path: `^utils/${stage}/` },
      to: {
        path: '^(utils|components|entrypoints|test)/',
        pathNot: `^utils/(${[stage, 'platform', ...uses].map(pathOf).join('|')})`,
      },
    })),
    {
      name: 'every folder of utils has a place in the flow',
      severity: 'error',
      from: { path: '^utils/[^/]+/', pathNot: `^utils/(${stages.join('|')})/` },
      to: {},
    },
    {
      name: 'records know messages as types alone',
      comment: 'what pages are shown is shaped by the contract; nothing of it runs where records are written',
      severity: 'error',
      from: { path: '^utils/records/' },
      to: { path: '^utils/messages/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only the composition root uses the background',
      severity: 'error',
      from: { path: '.', pathNot: '^(utils/background/|entrypoints/background\\.ts$|test/)' },
      to: { path: '^utils/background/' },
    },
    {
      name: 'pages and content scripts never reach what the background guards',
      comment: 'not even through others: they send typed messages',
      severity: 'error',
      from: { path: pages },
      to: { path: '^utils/(capabilities/|leases/office|records/|storage/|egress/|background/)', reachable: true },
    },
    {
      name: 'capabilities are strangers to each other',
      severity: 'error',
      from: { path: '^utils/capabilities/([^/]+)\\.ts$', pathNot: '^utils/capabilities/start\\.ts$' },
      to: { path: '^utils/capabilities/', pathNot: '/($1|capability)\\.ts$' },
    },
    {
      name: 'migrations are frozen islands',
      severity: 'error',
      from: { path: '^utils/storage/migrations/' },
      to: { path: '.' },
    },
    {
      name: 'what ships uses no test',
      severity: 'error',
      from: { path: '^(utils|components|entrypoints)/' },
      to: { path: '^test/' },
    },
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nothing unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no development dependency in what ships',
      comment: "wxt's define-* mark an entrypoint for the build and are the identity in what ships",
      severity: 'error',
      from: { path: '^(utils|components|entrypoints)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'undetermined'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/wxt/dist/utils/define-(background|unlisted-script)\\.',
      },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'browser', 'default'] },
  },
};
