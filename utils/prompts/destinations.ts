import type { Capability } from '../catalogue/catalogue';
import type { TextKey } from '../platform/text-types';

/** Who receives what a capability collects, where that place stands, and the receiver's own policy. */
export interface Disclosure {
  readonly who: TextKey;
  readonly where: TextKey;
  readonly policy: TextKey;
}

/** Each destination of the catalogue has a line here: the prompt and the table under Policy say the same. */
export const disclosures: Readonly<Record<Capability['destination'], Disclosure>> = {
  device: { who: 'destination_device', where: 'place_device', policy: 'policy_nobody' },
};
