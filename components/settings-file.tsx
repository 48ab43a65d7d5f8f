import { useEffect, useId, useRef } from 'preact/hooks';
import { text } from '../utils/platform/text';
import type { SettingsImported } from '../utils/sync/view';
import { Banner } from './banner';
import { Button } from './button';
import { DifferencesTable } from './differences-table';
import { FileField } from './file-field';
import { counted, formats } from './formats';

/** What came of a file: what it would change, or why not. `unreadable-file`: the browser could not read it. */
export type LookedAt = SettingsImported | { readonly kind: 'unreadable-file' };

export interface SettingsFileProps {
  /** The file that was picked, and what came of it. */
  readonly picked: { readonly name: string; readonly looked: LookedAt } | undefined;
  readonly onExport: () => unknown;
  readonly onPick: (file: File) => unknown;
  readonly onTake: () => unknown;
  readonly onClose: () => void;
}

/** Settings as a file: out, and in after a look at what would change. */
export function SettingsFile({ picked, onExport, onPick, onTake, onClose }: SettingsFileProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const was = useRef(false);
  // A file that was settled leaves the field empty, so that the same file can be picked again.
  useEffect(() => {
    const shows = picked !== undefined && picked.looked.kind === 'changes';
    if (input.current && !shows) input.current.value = '';
    if (was.current && !shows && document.activeElement === document.body) input.current?.focus();
    was.current = shows;
  }, [picked]);
  return (
    <section class="stack" aria-labelledby={id}>
      <h2 id={id}>{text('sync_file_heading')}</h2>
      <p class="muted measure">{text('sync_file_lead')}</p>
      <div class="row sync-file">
        <FileField label={text('sync_file_import')} testId="settings-import" field={input} onPick={onPick} />
        <Button testId="settings-export" onPress={onExport}>
          {text('sync_file_export')}
        </Button>
      </div>
      {picked === undefined ? null : <Picked key={picked.name} {...picked} onTake={onTake} onClose={onClose} />}
    </section>
  );
}

interface PickedProps extends Pick<SettingsFileProps, 'onTake' | 'onClose'> {
  readonly name: string;
  readonly looked: LookedAt;
}

function Picked({ name, looked, onTake, onClose }: PickedProps) {
  if (looked.kind === 'taken') {
    return (
      <Banner>
        <p data-testid="settings-taken">{counted('sync_file_taken', looked.changes)}</p>
        <LeftOut looked={looked} />
      </Banner>
    );
  }
  if (looked.kind !== 'changes') {
    return (
      <Banner tone="danger" alert>
        <p data-testid="settings-refused">{refusalText(looked)}</p>
      </Banner>
    );
  }
  const { changes, exportedAtMs } = looked;
  const alike = changes.length === 0;
  return (
    <div class="card stack" data-testid="settings-preview">
      <p>{alike ? text('sync_file_alike', name) : text('sync_file_preview', name, formats.moment(exportedAtMs))}</p>
      {alike ? null : (
        <DifferencesTable
          differences={changes}
          label={name}
          columns={[
            { of: 'here', title: text('sync_column_now') },
            { of: 'there', title: text('sync_column_file') },
          ]}
        />
      )}
      <LeftOut looked={looked} />
      <div class="row">
        <Button testId="settings-import-cancel" onPress={onClose}>
          {text(alike ? 'close' : 'cancel')}
        </Button>
        {alike ? null : (
          <Button look="primary" testId="settings-import-take" onPress={onTake}>
            {text('sync_file_take')}
          </Button>
        )}
      </div>
    </div>
  );
}

/** What of the file can't be taken over. */
function LeftOut({ looked }: { looked: Extract<LookedAt, { kind: 'changes' } | { kind: 'taken' }> }) {
  const unknown = looked.kind === 'changes' ? looked.unknown.length : 0;
  return (
    <>
      {unknown === 0 ? null : <p class="small muted">{counted('sync_file_unknown', unknown)}</p>}
      {looked.left === 0 ? null : (
        <p class="small muted" data-testid="settings-left">
          {counted('sync_file_left', looked.left)}
        </p>
      )}
    </>
  );
}

function refusalText(looked: Exclude<LookedAt, { kind: 'changes' } | { kind: 'taken' }>): string {
  if (looked.kind === 'unreadable-file') return text('sync_file_read_failed');
  if (looked.why === 'newer') return text('sync_file_newer');
  return text(looked.why === 'too-large' ? 'sync_file_too_large' : 'sync_file_unreadable');
}
