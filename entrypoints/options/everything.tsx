import { useState } from 'preact/hooks';
import browser from 'webextension-polyfill';
import { Banner } from '../../components/banner';
import { Button } from '../../components/button';
import { Confirm } from '../../components/confirm';
import { formats } from '../../components/formats';
import { Problem } from '../../components/problem';
import { useAttempt } from '../../components/use-attempt';
import { useKeptFocus } from '../../components/use-kept-focus';
import { fileHead, fileName, saveFile, storesDocument } from '../../utils/exports/download';
import { ask, stream } from '../../utils/messages/client';
import type { ErasedEverything } from '../../utils/messages/contract';
import { text } from '../../utils/platform/text';

function outcomeText(erased: ErasedEverything): string {
  if (erased.kind === 'not-stopped') return text('everything_not_stopped');
  const { records, notices, settings, stopped } = erased;
  return text('everything_erased', ...[records, notices, settings, stopped].map(formats.number));
}

export interface EverythingProps {
  readonly announce: (message: string) => void;
  readonly onErased: () => void;
}

/** All that is kept about the person: in one file, or erased at once. What an erasure leaves is said before and after. */
export function Everything({ announce, onErased }: EverythingProps) {
  const { error, attempt } = useAttempt();
  const [erased, setErased] = useState<ErasedEverything>();
  const heading = useKeptFocus<HTMLHeadingElement>([erased]);
  const exportAll = () =>
    attempt(async () => {
      const head = { ...fileHead('everything'), appVersion: browser.runtime.getManifest().version };
      const file = await storesDocument(head, stream('everything', { purpose: 'export' }));
      saveFile(fileName('everything', 'json'), file);
      announce(text('exported'));
    });
  const eraseAll = () =>
    attempt(async () => {
      const outcome = await ask('everything.erase', {});
      setErased(outcome);
      announce(outcomeText(outcome));
      onErased();
    });
  return (
    <section class="stack" aria-labelledby="everything">
      <h2 id="everything" ref={heading} tabIndex={-1}>
        {text('everything_heading')}
      </h2>
      <p class="muted measure">{text('everything_lead')}</p>
      <div class="card stack">
        <p>{text('everything_goes')}</p>
        <p>{text('everything_stays')}</p>
        <div class="row">
          <Button testId="export-everything" onPress={exportAll}>
            {text('everything_export')}
          </Button>
          <Confirm
            testId="erase-everything"
            action={text('everything_erase')}
            question={text('everything_question')}
            confirm={text('everything_confirm')}
            onConfirm={eraseAll}
          />
        </div>
        {error === undefined ? null : <Problem error={error} />}
        {erased ? (
          <Banner tone={erased.kind === 'erased' ? 'info' : 'danger'}>
            <p data-testid="erased-everything">{outcomeText(erased)}</p>
          </Banner>
        ) : null}
      </div>
    </section>
  );
}
