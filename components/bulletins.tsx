import type { BulletinView } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { Banner } from './banner';
import { Button } from './button';
import { formats } from './formats';

export interface BulletinsProps {
  readonly bulletins: readonly BulletinView[];
  /** Missing where it can't be written down that one was dismissed. */
  readonly onDismiss: ((id: string) => unknown) | undefined;
}

/** Words of incidents and of the policy, until the person dismisses them. They came with the package: reading sends nothing. */
export function Bulletins({ bulletins, onDismiss }: BulletinsProps) {
  if (bulletins.length === 0) return null;
  return (
    <section aria-label={text('bulletins_heading')}>
      <ul class="plain stack">
        {bulletins.map(({ id, day, kind, clause, language, title, text: words }) => (
          <li key={id} data-testid="bulletin" data-id={id} data-kind={kind}>
            <Banner tone={kind === 'incident' ? 'warn' : 'info'}>
              <strong lang={language}>{title}</strong>
              <p lang={language}>{words}</p>
              <div class="row-between small">
                <span class="muted">
                  {text(kind === 'incident' ? 'bulletin_incident' : 'bulletin_policy', formats.date(noonOf(day)))}
                  {' · '}
                  <a href="/options.html#policy">{text('clause_link', clause)}</a>
                </span>
                {onDismiss ? (
                  <Button
                    small
                    testId="dismiss-bulletin"
                    label={text('dismiss_named', title)}
                    onPress={() => onDismiss(id)}
                  >
                    {text('dismiss')}
                  </Button>
                ) : null}
              </div>
            </Banner>
          </li>
        ))}
      </ul>
    </section>
  );
}

const noonOf = (day: string): number => new Date(`${day}T12:00:00`).getTime();
