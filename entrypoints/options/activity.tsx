import { useState } from 'preact/hooks';
import { ActivityPlot } from '../../components/activity-plot';
import { usedDays } from '../../components/activity-rows';
import { ActivityTimeline } from '../../components/activity-timeline';
import { capabilityText } from '../../components/capability-text';
import { FilterNothing } from '../../components/filter-nothing';
import { counted } from '../../components/formats';
import { Problem } from '../../components/problem';
import { SelectField } from '../../components/select-field';
import { useKeptFocus } from '../../components/use-kept-focus';
import { useLoaded } from '../../components/use-loaded';
import { isCapabilityId } from '../../utils/catalogue/catalogue';
import { ask } from '../../utils/messages/client';
import { text } from '../../utils/platform/text';
import type { SectionProps } from './section';
import '../../components/overview.css';

/** When each capability was used in the last 7 days, how often, and under which permission. */
export function Activity({ state, tick }: SectionProps) {
  const week = useLoaded(() => ask('activity.week', {}), [tick]);
  const [chosen, setChosen] = useState('');
  const place = useKeptFocus<HTMLDivElement>([chosen]);
  const used = week.value?.hours ?? [];
  const hours = isCapabilityId(chosen) ? used.filter((hour) => hour.capability === chosen) : used;
  const days = usedDays(hours);
  return (
    <>
      <p class="muted measure">{text('activity_lead')}</p>
      {week.error === undefined ? null : <Problem error={week.error} onRetry={week.reload} />}
      {week.slow ? <p class="muted">{text('loading')}</p> : null}
      {week.value && used.length === 0 ? (
        <p class="card" data-testid="activity-empty">
          {text('activity_empty')}
        </p>
      ) : null}
      {used.length === 0 ? null : (
        <div class="stack-wide" ref={place} tabIndex={-1}>
          <div class="filters">
            <SelectField
              label={text('column_capability')}
              value={chosen}
              testId="filter-capability"
              onChange={setChosen}
              options={[
                { value: '', text: text('filter_all') },
                ...state.capabilities.map(({ id }) => ({ value: id, text: capabilityText(id, 'name') })),
              ]}
            />
            <p class="small muted filter-found" role="status" data-testid="filter-found">
              {counted(
                'activity_rows',
                days.reduce((sum, day) => sum + day.hours.length, 0),
              )}
            </p>
          </div>
          {hours.length === 0 ? (
            <FilterNothing says={text('activity_none')} onClear={() => setChosen('')} />
          ) : (
            <>
              <ActivityPlot hours={hours} nowMs={Date.now()} />
              <ActivityTimeline key={chosen} days={days} />
            </>
          )}
        </div>
      )}
    </>
  );
}
