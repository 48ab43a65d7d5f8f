import browser from 'webextension-polyfill';
import type { RawSyncArea } from './sync-area';

/** The one place of `storage.sync`: the build's check counts it. Read late: where it is missing, the call fails, not the start. */
const area = () => browser.storage.sync;

export const browserSyncArea: RawSyncArea = {
  get: async (keys) => area().get(keys),
  set: async (items) => area().set(items),
  remove: async (keys) => area().remove(keys),
};
