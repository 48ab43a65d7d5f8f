import { useState } from 'preact/hooks';
import { isCapabilityId } from '../utils/catalogue/catalogue';
import type { BundleRead, BundleRecord } from '../utils/exports/dpv/bundle';
import { receiptOf } from '../utils/exports/dpv/receipt';
import { type TextKey, text } from '../utils/platform/text';
import { Banner } from './banner';
import { Button } from './button';
import { counted, formats } from './formats';
import { whereText } from './grant-text';
import { Icon } from './icons';
import { ReceiptView } from './receipt-view';

/** What came of opening a file. `unreadable-file`: the browser could not read it. */
export type OpenedFile = BundleRead | { kind: 'unreadable-file' };

const refusals: Readonly<Record<Extract<BundleRead, { kind: 'unreadable' }>['why'], TextKey>> = {
  'too-large': 'import_too_large',
  'not-json': 'import_not_json',
  'not-a-bundle': 'import_not_a_bundle',
  'other-version': 'import_other_version',
};

function refusalText(opened: Exclude<OpenedFile, { kind: 'read' }>): string {
  if (opened.kind === 'unreadable-file') return text('import_unreadable');
  if (opened.kind === 'bad-record') return text('import_bad_record', formats.number(opened.index + 1));
  return text(refusals[opened.why]);
}

/** Records that are shown at once. */
const SHOWN = 50;

/** The records of a file, each with whether it fits its hash. To look at: nothing here can be turned on. */
export function BundleView({ name, opened, onClose }: { name: string; opened: OpenedFile; onClose: () => void }) {
  const [shown, setShown] = useState(SHOWN);
  if (opened.kind !== 'read') {
    return (
      <Banner tone="danger" alert>
        <p data-testid="import-refused">{refusalText(opened)}</p>
      </Banner>
    );
  }
  const { head, records } = opened;
  return (
    <div class="card stack" data-testid="imported">
      <Banner tone="warn">
        <p>{text('import_foreign')}</p>
      </Banner>
      <div class="row-between">
        <p class="small muted">
          {text('import_written', name, formats.exact(Date.parse(head.exportedAt)), head.appVersion)}{' '}
          {records.length === 0 ? text('import_empty') : counted('import_records', records.length)}
        </p>
        <Button small testId="import-close" onPress={onClose}>
          {text('import_close')}
        </Button>
      </div>
      <ul class="plain">
        {records.slice(0, shown).map((one, index) => (
          // The same record may stand in a file twice.
          <Imported key={`${index} ${one.record['dct:identifier']}`} one={one} />
        ))}
      </ul>
      {records.length > shown ? (
        <div>
          <Button small testId="import-more" onPress={() => setShown(shown + SHOWN)}>
            {text('more')}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

/** The sites that a record is about; of a capability that has no sites nothing worth reading. */
function where(id: string, scope: string): string {
  return isCapabilityId(id) ? (whereText(id, scope) ?? '') : scope;
}

function Imported({ one }: { one: BundleRecord }) {
  const [open, setOpen] = useState(false);
  const { record, checked } = one;
  const { 'dct:identifier': id, 'dpv:hasScope': scope } = record['dpv:hasProcess']['dpv:hasService'];
  const language = record['dpv:hasNotice']['dct:language'];
  return (
    <li class="imported" data-testid="imported-record" data-checked={checked}>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span class="imported-line">
            <span>
              <strong lang={language}>{record['dpv:hasNotice']['dct:title'] ?? id}</strong>
              {' · '}
              {[where(id, scope), text(`state_${record['cloudopt:state']}`)].filter(Boolean).join(' · ')}
            </span>
            <span class="mark" data-tone={checked === 'intact' ? 'on' : 'warn'}>
              <Icon name={checked === 'intact' ? 'on' : 'warning'} />
              {text(checked === 'intact' ? 'import_intact' : 'import_changed')}
            </span>
          </span>
        </summary>
        {open ? (
          <div class="disclosure-body">
            <ReceiptView receipt={receiptOf(record, checked)} say={text} />
          </div>
        ) : null}
      </details>
    </li>
  );
}
