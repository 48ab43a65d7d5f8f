/** The options page: its sections, the state that they share, and what the person can do on all of them. */
import type { ComponentChild } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Announcer } from '../../components/announcer';
import { count } from '../../components/feedback';
import { Icon } from '../../components/icons';
import { LanguagePicker } from '../../components/language-picker';
import { Problem } from '../../components/problem';
import { startPage } from '../../components/start-page';
import { useLoaded } from '../../components/use-loaded';
import { Warnings } from '../../components/warnings';
import { ask, onChanged } from '../../utils/messages/client';
import { type TextKey, text } from '../../utils/platform/text';
import { Activity } from './activity';
import { Data } from './data';
import { Diagnostics, FEEDBACK_HASH } from './diagnostics';
import { History } from './history';
import { Permissions } from './permissions';
import { Policy } from './policy';
import type { SectionProps } from './section';
import { Sync } from './sync';
import './options.css';

const sections = {
  permissions: { title: 'section_permissions', show: Permissions, needsRecords: false },
  activity: { title: 'section_activity', show: Activity, needsRecords: true },
  data: { title: 'section_data', show: Data, needsRecords: true },
  history: { title: 'section_history', show: History, needsRecords: true },
  sync: { title: 'section_sync', show: Sync, needsRecords: true },
  policy: { title: 'section_policy', show: Policy, needsRecords: false },
  diagnostics: { title: 'section_diagnostics', show: Diagnostics, needsRecords: false },
} as const satisfies Record<
  string,
  { title: TextKey; show: (props: SectionProps) => ComponentChild; needsRecords: boolean }
>;
type SectionName = keyof typeof sections;
const names = Object.keys(sections) as SectionName[];

/** The hash is outside input: what names no section is the first one. After a slash it may name a part of the section. */
const sectionOf = (hash: string): SectionName =>
  names.find((name) => `#${name}` === hash.split('/')[0]) ?? 'permissions';

/** A flood of changes is shown as one. */
const REFRESH_MS = 300;

function useTick(): number {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let quietUntilMs = 0;
    const stop = onChanged(() => {
      if (timer !== undefined) return;
      timer = setTimeout(
        () => {
          timer = undefined;
          quietUntilMs = performance.now() + REFRESH_MS;
          setTick((n) => n + 1);
        },
        Math.max(0, quietUntilMs - performance.now()),
      );
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
  return tick;
}

function App() {
  const [section, setSection] = useState(() => sectionOf(location.hash));
  const [clause, setClause] = useState<string>();
  const [message, setMessage] = useState('');
  const heading = useRef<HTMLHeadingElement>(null);
  const tick = useTick();
  const state = useLoaded(() => ask('state.get', {}), [tick]);
  const ready = state.value !== undefined;

  useEffect(() => {
    const heard = () => {
      const next = sectionOf(location.hash);
      if (next !== 'policy') setClause(undefined);
      setSection(next);
      scrollTo(0, 0);
      heading.current?.focus();
    };
    addEventListener('hashchange', heard);
    return () => removeEventListener('hashchange', heard);
  }, []);
  const title = text(sections[section].title);
  useEffect(() => count(`section.${section}`), [section]);
  useEffect(() => {
    document.title = text('title_page', title);
  }, [title]);

  const onClause = useCallback((id: string) => {
    setClause(id);
    location.hash = '#policy';
  }, []);
  const { show: Section, needsRecords } = sections[section];
  return (
    <>
      <button type="button" class="button skip" onClick={() => heading.current?.focus()}>
        {text('skip_to_content')}
      </button>
      <header class="page-header">
        <img class="logo" src="/icon/cloudopt.svg" alt="" />
        <span class="page-name">{text('extension_name')}</span>
      </header>
      <div class="page-side">
        <nav class="page-nav" aria-label={text('sections')}>
          <ul class="plain">
            {names.map((name) => (
              <li key={name}>
                <a href={`#${name}`} aria-current={name === section ? 'page' : undefined}>
                  <Icon name={name} />
                  {text(sections[name].title)}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <LanguagePicker />
      </div>
      <main class="page-main stack-wide" aria-busy={ready ? undefined : 'true'}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {state.error === undefined ? null : <Problem error={state.error} onRetry={state.reload} />}
        {state.slow ? <p class="muted">{text('loading')}</p> : null}
        {state.value ? <Warnings state={state.value} /> : null}
        {state.value === undefined || (needsRecords && state.value.closed !== null) ? null : (
          <Section state={state.value} tick={tick} announce={setMessage} onClause={onClause} clause={clause} />
        )}
        {section === 'diagnostics' ? null : (
          <footer class="page-footer small">
            <a href={FEEDBACK_HASH}>{text('feedback_link')}</a>
          </footer>
        )}
      </main>
      <Announcer message={message} />
    </>
  );
}

startPage('title_options', App);
