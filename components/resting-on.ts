import { capability, capabilityIds } from '../utils/catalogue/catalogue';
import { capabilityText } from './capability-text';

/** Names of the capabilities that rest on a clause of the policy. */
export const restingOn = (clauseId: string): string[] =>
  capabilityIds.filter((id) => capability(id).clauses.includes(clauseId)).map((id) => capabilityText(id, 'name'));
