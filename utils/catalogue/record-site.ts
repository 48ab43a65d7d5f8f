/** Apart from the schemas of records: pages do without those. */
import type { RecordRow } from './record';

/** The site that a record is about; `null` where it is about none. */
export const siteOfRecord = (row: RecordRow): string | null => ('site' in row ? row.site : null);
