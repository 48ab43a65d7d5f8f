import { useState } from 'preact/hooks';
import { text } from '../utils/platform/text';
import type { Difference } from '../utils/sync/view';
import { Button } from './button';
import { settingText, valueText } from './sync-text';

/** Rows that are shown at once. */
const SHOWN = 50;

export interface DifferencesTableProps {
  readonly differences: readonly Difference[];
  readonly label: string;
  /** Which values stand side by side, each under its heading. */
  readonly columns: readonly { readonly of: 'here' | 'merged' | 'there'; readonly title: string }[];
}

/** Settings that differ, with the values that they have or would have. */
export function DifferencesTable({ differences, label, columns }: DifferencesTableProps) {
  const [shown, setShown] = useState(SHOWN);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="table-scroll" tabIndex={0} aria-label={label}>
        <table>
          <thead>
            <tr>
              <th scope="col">{text('sync_column_setting')}</th>
              {columns.map(({ of, title }) => (
                <th scope="col" key={of}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {differences.slice(0, shown).map((one) => (
              <tr key={one.setting.key} data-testid="difference" data-key={one.setting.key}>
                <th scope="row" class="sync-name">
                  {settingText(one.setting)}
                </th>
                {columns.map(({ of }) => (
                  <td key={of}>{valueText(one.setting, one[of])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {differences.length > shown ? (
        <div>
          <Button small testId="more-differences" onPress={() => setShown(shown + SHOWN)}>
            {text('more')}
          </Button>
        </div>
      ) : null}
    </>
  );
}
