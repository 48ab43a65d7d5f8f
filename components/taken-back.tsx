import type { CapabilityId } from '../utils/catalogue/catalogue';
import type { Scope } from '../utils/catalogue/scope';
import { text } from '../utils/platform/text';
import { Banner } from './banner';
import { Button } from './button';
import { grantText } from './grant-text';

export interface TakenBackGrant {
  readonly capability: CapabilityId;
  readonly scope: Scope;
  /** What it collected waits for the person's choice. */
  readonly sealed: boolean;
  /** Whether its prompt would ask. */
  readonly mayAsk: boolean;
}

export interface TakenBackProps {
  /** What came of the last revocation. */
  readonly sentence: string;
  /** It is in force and on record. */
  readonly certain: boolean;
  readonly grants: readonly TakenBackGrant[];
  readonly onAskAgain: (capability: CapabilityId, scope: Scope) => unknown;
  /** Goes to where it is chosen what becomes of the data. */
  readonly onChoose: (capability: CapabilityId, scope: Scope) => unknown;
}

/** What was taken back on this page. It is never confirmed; asking again undoes it. */
export function TakenBack({ sentence, certain, grants, onAskAgain, onChoose }: TakenBackProps) {
  return (
    <Banner tone={certain ? 'info' : 'danger'}>
      <p>{sentence}</p>
      <ul class="plain stack-tight" data-testid="taken-back">
        {grants.map(({ capability, scope, sealed, mayAsk }) => {
          const name = grantText(capability, scope);
          return (
            <li key={`${capability} ${scope}`} class="row-between small">
              <span>{grants.length > 1 ? name : ''}</span>
              <span class="row">
                {sealed ? (
                  <Button
                    look="link"
                    label={text('choose_data_named', name)}
                    testId="choose-data"
                    onPress={() => onChoose(capability, scope)}
                  >
                    {text('choose_data')}
                  </Button>
                ) : null}
                {mayAsk ? (
                  <Button
                    small
                    testId="ask-again"
                    label={text('ask_again_named', name)}
                    onPress={() => onAskAgain(capability, scope)}
                  >
                    {text('ask_again')}
                  </Button>
                ) : null}
              </span>
            </li>
          );
        })}
      </ul>
    </Banner>
  );
}
