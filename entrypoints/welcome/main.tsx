/** The first run: three short screens that can be skipped. They tell, grant nothing, and ask the background nothing. */
import type { ComponentChild } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { CapabilityName } from '../../components/capability-name';
import { capabilityText } from '../../components/capability-text';
import { count } from '../../components/feedback';
import { formats } from '../../components/formats';
import { startPage } from '../../components/start-page';
import { StateMark } from '../../components/state-mark';
import { capabilityIds } from '../../utils/catalogue/catalogue';
import { type TextKey, text } from '../../utils/platform/text';
import { currentPolicy } from '../../utils/policy/versions';
import './welcome.css';

interface Screen {
  /** Its place in the address, so that the browser's own back and forward go from screen to screen. */
  readonly hash: string;
  readonly title: TextKey;
  readonly Body: () => ComponentChild;
}

const screens: readonly [Screen, ...Screen[]] = [
  { hash: '#off', title: 'welcome_heading', Body: Off },
  { hash: '#can', title: 'welcome_can', Body: Can },
  { hash: '#policy', title: 'welcome_policy', Body: Policy },
];

function Off() {
  return (
    <>
      <p class="welcome-lead">{text('welcome_lead')}</p>
      <section class="card stack" aria-labelledby="off">
        <h2 id="off">{text('welcome_off')}</h2>
        <ul class="stack-tight welcome-facts">
          <li>{text('welcome_nothing_runs')}</li>
          <li>{text('welcome_nothing_sent')}</li>
          <li>{text('welcome_no_account')}</li>
        </ul>
      </section>
    </>
  );
}

function Can() {
  return (
    <>
      <p class="welcome-lead">{text('welcome_can_text')}</p>
      <ul class="plain welcome-list card">
        {capabilityIds.map((id) => (
          <li key={id} class="stack-tight">
            <div class="row-between">
              <h2 class="card-title with-icon">
                <CapabilityName id={id} />
              </h2>
              <StateMark state="off" />
            </div>
            <p>{capabilityText(id, 'does')}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Each sentence, with the clauses that it sums up. */
const sentences = [
  ['welcome_policy_ask', ['I.5']],
  ['welcome_policy_stays', ['III', 'IV.4']],
  ['welcome_policy_stop', ['I.5', 'VIII']],
] as const satisfies readonly (readonly [TextKey, readonly string[]])[];

function Policy() {
  const effective = formats.date(new Date(`${currentPolicy.effective}T12:00:00`).getTime());
  return (
    <>
      <ol class="card stack welcome-sentences">
        {sentences.map(([key, clauses]) => (
          <li key={key}>
            {text(key)} <span class="small muted">{clauses.map((id) => text('clause_link', id)).join(', ')}</span>
          </li>
        ))}
      </ol>
      <p class="small muted">{text('policy_end', currentPolicy.version, effective)}</p>
    </>
  );
}

/** The address is outside input: what names no screen is the first one. */
const placeOf = (hash: string): number =>
  Math.max(
    0,
    screens.findIndex((screen) => screen.hash === hash),
  );

function Page() {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const heard = () => {
      setPlace(placeOf(location.hash));
      scrollTo(0, 0);
      heading.current?.focus();
    };
    addEventListener('hashchange', heard);
    return () => removeEventListener('hashchange', heard);
  }, []);

  const { title, Body } = screens[place] ?? screens[0];
  const before = screens[place - 1];
  const after = screens[place + 1];
  const step = (index: number) => text('welcome_step', index + 1, screens.length);
  return (
    <>
      <header class="row-between welcome-header">
        <img class="welcome-logo" src="/icon/cloudopt.svg" alt="" />
        <nav aria-label={text('welcome_steps')}>
          <ol class="plain row welcome-steps" data-testid="steps">
            {screens.map((screen, index) => (
              <li key={screen.hash}>
                <a
                  href={screen.hash}
                  aria-current={index === place ? 'step' : undefined}
                  aria-label={text('welcome_step_named', step(index), text(screen.title))}
                >
                  {formats.number(index + 1)}
                </a>
              </li>
            ))}
          </ol>
        </nav>
        <a class="button" href="/options.html#permissions" data-testid="skip">
          {text('welcome_skip')}
        </a>
      </header>
      <main class="stack-wide">
        <div class="stack-tight">
          <p id="step" class="small muted" data-testid="step">
            {step(place)}
          </p>
          <h1 ref={heading} tabIndex={-1} aria-describedby="step">
            {text(title)}
          </h1>
        </div>
        <Body />
        <div class="row-between welcome-ways">
          <a href="/options.html#policy" data-testid="policy">
            {text('welcome_policy_whole')}
          </a>
          <div class="row">
            {before ? (
              <a class="button" href={before.hash} data-testid="back">
                {text('welcome_back')}
              </a>
            ) : null}
            {after ? (
              <a class="button button-primary" href={after.hash} data-testid="next">
                {text('welcome_next')}
              </a>
            ) : (
              <a class="button button-primary" href="/options.html#permissions" data-testid="choose">
                {text('welcome_choose')}
              </a>
            )}
          </div>
        </div>
      </main>
    </>
  );
}

startPage('title_welcome', Page);
count('welcome.opened');
