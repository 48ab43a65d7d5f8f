import type { State } from '../../utils/messages/contract';

/** What every section of the options page gets. */
export interface SectionProps {
  readonly state: State;
  /** Changes whenever something changed that may be shown. */
  readonly tick: number;
  /** Reads a result out. */
  readonly announce: (message: string) => void;
  /** Goes to a clause of the policy. */
  readonly onClause: (id: string) => void;
  /** The clause that was gone to, until another section is. */
  readonly clause: string | undefined;
}
