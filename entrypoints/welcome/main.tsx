/** The first page: what Cloudopt does, that everything is off, what could be turned on, and the policy. Asks for nothing. */
import { capabilityText } from '../../components/capability-text';
import { count } from '../../components/feedback';
import { PolicyView } from '../../components/policy-view';
import { restingOn } from '../../components/resting-on';
import { startPage } from '../../components/start-page';
import { StateMark } from '../../components/state-mark';
import { capabilityIds } from '../../utils/catalogue/catalogue';
import { text } from '../../utils/platform/text';
import { currentPolicy } from '../../utils/policy/versions';
import './welcome.css';

function Page() {
  return (
    <>
      <header class="welcome-header">
        <img class="welcome-logo" src="/icon/cloudopt.svg" alt="" />
        <h1>{text('welcome_heading')}</h1>
        <p class="welcome-lead">{text('welcome_lead')}</p>
      </header>
      <main class="stack-wide">
        <section class="card stack" aria-labelledby="off">
          <h2 id="off">{text('welcome_off')}</h2>
          <ul class="stack-tight welcome-facts">
            <li>{text('welcome_nothing_runs')}</li>
            <li>{text('welcome_nothing_sent')}</li>
            <li>{text('welcome_no_account')}</li>
          </ul>
        </section>
        <section class="stack" aria-labelledby="can">
          <h2 id="can">{text('welcome_can')}</h2>
          <p class="muted">{text('welcome_can_text')}</p>
          <ul class="plain welcome-list">
            {capabilityIds.map((id) => (
              <li key={id} class="card stack-tight">
                <div class="row-between">
                  <h3>{capabilityText(id, 'name')}</h3>
                  <StateMark state="off" />
                </div>
                <p>{capabilityText(id, 'does')}</p>
                <p class="small muted">{capabilityText(id, 'retention')}</p>
              </li>
            ))}
          </ul>
          <p>
            <a class="button button-primary" href="/options.html#permissions" data-testid="choose">
              {text('welcome_choose')}
            </a>
          </p>
        </section>
        <section class="card stack" aria-labelledby="policy" data-testid="policy">
          <h2 id="policy">{currentPolicy.title}</h2>
          <PolicyView policy={currentPolicy} folded level={2} restingOn={restingOn} />
        </section>
      </main>
    </>
  );
}

startPage('title_welcome', Page);
count('welcome.opened');
