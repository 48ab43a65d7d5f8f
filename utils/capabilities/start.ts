import type { CapabilityId } from '../catalogue/catalogue';
import type { Lease } from '../leases/lease';
import * as browsingTime from './browsing-time';
import type { Start, World } from './capability';
import * as cloudSync from './cloud-sync';
import * as crashReports from './crash-reports';
import * as downloadGuard from './download-guard';
import * as notifications from './notifications';
import * as protection from './protection';
import * as siteCleaner from './site-cleaner';
import * as siteInsight from './site-insight';
import * as usageStatistics from './usage-statistics';

const starts: { [C in CapabilityId]: Start<C> } = {
  'site-insight': siteInsight.start,
  'browsing-time': browsingTime.start,
  'site-cleaner': siteCleaner.start,
  notifications: notifications.start,
  protection: protection.start,
  'download-guard': downloadGuard.start,
  'usage-statistics': usageStatistics.start,
  'crash-reports': crashReports.start,
  'cloud-sync': cloudSync.start,
};

/** Starts the code of the lease's capability. */
export const startCapability = (lease: Lease, world: World): Promise<void> =>
  // The lease's brand names the capability that its own `capability` does.
  (starts[lease.capability] as Start<CapabilityId>)(lease, world);
