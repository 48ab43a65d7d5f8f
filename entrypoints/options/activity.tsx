import { ActivityCard } from '../../components/activity-week';
import { Problem } from '../../components/problem';
import { useLoaded } from '../../components/use-loaded';
import { ask } from '../../utils/messages/client';
import { text } from '../../utils/platform/text';
import type { SectionProps } from './section';

/** When each capability was used in the last 7 days, and how often. */
export function Activity({ state, tick }: SectionProps) {
  const week = useLoaded(() => ask('activity.week', {}), [tick]);
  const used = week.value?.hours ?? [];
  return (
    <>
      <p class="muted measure">{text('activity_lead')}</p>
      {week.error === undefined ? null : <Problem error={week.error} onRetry={week.reload} />}
      {week.slow ? <p class="muted">{text('loading')}</p> : null}
      {week.value && used.length === 0 ? <p class="card">{text('activity_empty')}</p> : null}
      {used.length === 0
        ? null
        : state.capabilities.map(({ id }) => (
            <ActivityCard key={id} id={id} hours={used.filter((hour) => hour.capability === id)} nowMs={Date.now()} />
          ))}
    </>
  );
}
