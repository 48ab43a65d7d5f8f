/** How far is counted and looked, whatever has piled up; pages say so where more is there. */

/** Records of one capability are counted up to this many: counting a million takes the database seconds. */
export const COUNTED_MAX = 10_000;
/** The newest records that the picture of all sites is made of. */
export const INSIGHT_ROWS_MAX = 10_000;
