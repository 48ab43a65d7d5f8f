import { text } from '../utils/platform/text';
import type { Preview } from '../utils/sync/view';
import { Button } from './button';
import { DifferencesTable } from './differences-table';
import { counted, whenText } from './formats';

export type JoinHow = 'merge' | 'replace';

/** What differs between this device and the copy, and the two ways to go on, of equal weight. */
export function SyncJoin({ preview, onJoin }: { preview: Preview; onJoin: (how: JoinHow) => unknown }) {
  const { lastChange, changes } = preview;
  const way = (how: JoinHow, title: string, about: string) => (
    <div class="stack-tight sync-way">
      <p id={`sync-${how}-text`}>{about}</p>
      <div>
        <Button testId={`sync-${how}`} onPress={() => onJoin(how)}>
          {title}
        </Button>
      </div>
    </div>
  );
  return (
    <div class="stack">
      <p class="measure">{text('sync_join_text')}</p>
      {lastChange === null ? null : (
        <p class="small muted">
          {text('sync_join_last', whenText(lastChange.atMs), lastChange.device || text('sync_someone'))}
        </p>
      )}
      {changes.length === 0 ? (
        <p>{text('sync_join_alike')}</p>
      ) : (
        <>
          <p>{counted('sync_join_counted', changes.length)}</p>
          <DifferencesTable
            differences={changes}
            label={text('sync_join_heading')}
            columns={[
              { of: 'here', title: text('sync_column_here') },
              { of: 'merged', title: text('sync_column_merged') },
              { of: 'there', title: text('sync_column_replaced') },
            ]}
          />
        </>
      )}
      <div class="sync-ways">
        {way('merge', text('sync_merge'), text('sync_merge_text'))}
        {way('replace', text('sync_replace'), text('sync_replace_text'))}
      </div>
    </div>
  );
}
