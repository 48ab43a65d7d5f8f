import type { CapabilityId } from '../utils/catalogue/catalogue';
import { capabilityText } from './capability-text';
import { CapabilityIcon } from './icons';

/** A capability by its picture and its name. What is around it has the class `with-icon`. */
export function CapabilityName({ id }: { id: CapabilityId }) {
  return (
    <>
      <CapabilityIcon id={id} />
      {capabilityText(id, 'name')}
    </>
  );
}
