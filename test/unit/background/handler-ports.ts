import type { HandlerPorts } from '../../../utils/background/handlers';
import { Reports } from '../../../utils/background/reports';
import { SyncErasure } from '../../../utils/background/sync-erasure';
import { Channel } from '../../../utils/leases/forwarder';
import { aboutTest } from '../capabilities/stage';

/** Everything that the answers to messages need and that a test doesn't look at: channels that nobody hears, a browser that does nothing. */
export const quietPorts = ({ core, started }: Pick<HandlerPorts, 'core' | 'started'>): HandlerPorts => ({
  core,
  started,
  clean: new Channel(),
  heard: { count: new Channel(), crashed: new Channel() },
  reports: new Reports({ core, about: aboutTest }),
  protection: new Channel(),
  guard: new Channel(),
  sync: new Channel(),
  settingsChanged: new Channel(),
  erasure: new SyncErasure(core),
  about: aboutTest,
  downloads: {
    find: async () => undefined,
    resume: async () => undefined,
    begin: async () => undefined,
    discard: async () => undefined,
  },
  reloadTab: async () => undefined,
  say: (key) => key,
  language: 'en',
  firefox: true,
  version: '0.1.0',
  supported: () => true,
  showPrompt: async () => undefined,
  diagnose: () => ({ browser: 'fake', forwarders: [], connections: 0, errors: [], startedAtMs: 1 }),
  usageBytes: async () => 5,
});
