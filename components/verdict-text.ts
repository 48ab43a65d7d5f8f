import type { Verdict } from '../utils/catalogue/lists';
import { type TextKey, text } from '../utils/platform/text';

const keys: Readonly<Record<Verdict, TextKey>> = {
  malicious: 'verdict_malicious',
  phishing: 'verdict_phishing',
  'program-over-http': 'verdict_program_over_http',
};

/** Why a download is warned of, in a few words. */
export const verdictText = (verdict: Verdict): string => text(keys[verdict]);
