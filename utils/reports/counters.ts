/** What is counted: names of ours, never made of data. The pages that send them are the only source. */
export const counterNames = [
  'popup.opened',
  'welcome.opened',
  'prompt.opened',
  'prompt.allowed',
  'prompt.declined',
  'grant.revoked',
  'everything.stopped',
  'site.cleaned',
  'section.permissions',
  'section.activity',
  'section.data',
  'section.history',
  'section.sync',
  'section.policy',
  'section.diagnostics',
] as const;
export type CounterName = (typeof counterNames)[number];
