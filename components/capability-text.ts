import type { CapabilityId } from '../utils/catalogue/catalogue';
import { text } from '../utils/platform/text';

type Underscored<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}_${Underscored<Tail>}` : S;

/** What public/_locales says about every capability. */
export type CapabilityPart = 'name' | 'does' | 'why' | 'retention' | 'refusal' | 'limits';

/** A capability's text in the browser's language. A capability whose texts are missing does not compile. */
export function capabilityText(id: CapabilityId, part: CapabilityPart): string {
  const key = id.replaceAll('-', '_') as Underscored<CapabilityId>;
  return text(`cap_${key}_${part}`);
}
