import { useRef, useState } from 'preact/hooks';
import browser from 'webextension-polyfill';
import { BundleView, type OpenedFile } from '../../components/bundle-view';
import { Button } from '../../components/button';
import { Confirm } from '../../components/confirm';
import { FileField } from '../../components/file-field';
import { Problem } from '../../components/problem';
import { readFile } from '../../components/read-file';
import { useAttempt } from '../../components/use-attempt';
import { useLoaded } from '../../components/use-loaded';
import { fileName, jsonDocument, saveFile } from '../../utils/exports/download';
import { ask, stream } from '../../utils/messages/client';
import { text } from '../../utils/platform/text';
import type { SectionProps } from './section';

/** The hash and the shapes of records outweigh the rest of the page: they are loaded when they are needed. */
const written = () => Promise.all([import('../../utils/exports/dpv/record'), import('../../utils/exports/dpv/bundle')]);

async function exportConsents(): Promise<void> {
  const [{ dpvRecord, factsOf }, { bundleHead, BUNDLE_MEMBER }] = await written();
  const appVersion = browser.runtime.getManifest().version;
  const receiptAtMs = Date.now();
  const { id: subjectId } = await ask('subject.id', { how: 'make' });
  async function* records() {
    for await (const chunk of stream('consent-records', { purpose: 'export' })) {
      yield chunk.map((record) =>
        dpvRecord(record, factsOf(record, { subjectId: subjectId ?? '', receiptAtMs, appVersion })),
      );
    }
  }
  const file = await jsonDocument(bundleHead(receiptAtMs, appVersion), BUNDLE_MEMBER, records());
  saveFile(fileName('consent-records', 'json'), file);
}

async function openFile(file: File): Promise<OpenedFile> {
  const [, { BUNDLE_CHARS, readBundle }] = await written();
  // A character has one byte or more.
  const read = await readFile(file, BUNDLE_CHARS);
  return read.kind === 'text' ? readBundle(read.text) : read;
}

/** Consent records: export them, whom they are about, and a look at a file of them. */
export function Consents({ tick, announce }: Pick<SectionProps, 'tick' | 'announce'>) {
  const { error, attempt } = useAttempt();
  const [opened, setOpened] = useState<{ name: string; file: OpenedFile }>();
  const [renewed, setRenewed] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const subject = useLoaded(() => ask('subject.id', { how: 'look' }), [tick]);
  const close = () => {
    setOpened(undefined);
    if (input.current) input.current.value = '';
    input.current?.focus();
  };
  return (
    <>
      <section class="stack" aria-labelledby="consents">
        <h2 id="consents">{text('consents_heading')}</h2>
        <p class="muted measure">{text('consents_lead')}</p>
        <div>
          <Button
            testId="export-consent-records"
            onPress={() =>
              attempt(async () => {
                await exportConsents();
                subject.reload();
                announce(text('exported'));
              })
            }
          >
            {text('export_consents')}
          </Button>
        </div>
        {error === undefined ? null : <Problem error={error} />}
        <div class="card stack-tight">
          <h3>{text('subject_heading')}</h3>
          <p class="small muted">{text('subject_lead')}</p>
          {subject.error === undefined ? null : <Problem error={subject.error} onRetry={subject.reload} />}
          <div class="row-between">
            <span class="mono" data-testid="subject-id">
              {subject.value ? (subject.value.id ?? text('subject_none')) : ''}
            </span>
            <Confirm
              small
              testId="renew-subject"
              disabled={(subject.value?.id ?? null) === null}
              action={text('subject_renew')}
              question={text('subject_renew_question')}
              confirm={text('subject_renew')}
              onConfirm={() =>
                attempt(async () => {
                  await ask('subject.id', { how: 'renew' });
                  subject.reload();
                  setRenewed(true);
                  announce(text('subject_renewed'));
                })
              }
            />
          </div>
          {renewed ? <p class="small">{text('subject_renewed')}</p> : null}
        </div>
      </section>
      <section class="stack" aria-labelledby="import">
        <h2 id="import">{text('import_heading')}</h2>
        <p class="muted measure">{text('import_lead')}</p>
        <FileField
          label={text('import_choose')}
          testId="import-consent-records"
          field={input}
          onPick={(file) => attempt(async () => setOpened({ name: file.name, file: await openFile(file) }))}
        />
        {opened ? <BundleView key={opened.name} name={opened.name} opened={opened.file} onClose={close} /> : null}
      </section>
    </>
  );
}
