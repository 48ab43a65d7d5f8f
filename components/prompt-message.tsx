import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { text } from '../utils/platform/text';
import { Button } from './button';
import { Icon, type IconName } from './icons';

export interface PromptMessageProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
  /** The browser's or the database's own words, one click away. */
  readonly details?: string | undefined;
  readonly onAskAgain?: (() => unknown) | undefined;
  readonly onClose: () => unknown;
  readonly onOptions?: (() => unknown) | undefined;
}

/** What the prompt page shows instead of, or after, the question. */
export function PromptMessage(props: PromptMessageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useEffect(() => heading.current?.focus(), [props.title]);
  const { onClose } = props;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') onClose();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [onClose]);
  return (
    <div class="prompt" role="dialog" aria-modal="true" aria-labelledby={id} data-testid="prompt-message">
      <div class="prompt-scroll">
        <header class="prompt-header">
          <span class="prompt-message-icon">
            <Icon name={props.icon} />
          </span>
          <h1 id={id} ref={heading} tabIndex={-1}>
            {props.title}
          </h1>
        </header>
        <div class="stack">{props.children}</div>
        {props.details ? (
          <details class="small prompt-details">
            <summary>{text('technical_details')}</summary>
            <code>{props.details}</code>
          </details>
        ) : null}
      </div>
      <div class="prompt-answers">
        {props.onAskAgain ? <Button onPress={props.onAskAgain}>{text('ask_again')}</Button> : null}
        {props.onOptions ? <Button onPress={props.onOptions}>{text('open_options')}</Button> : null}
        <Button onPress={onClose}>{text('close')}</Button>
      </div>
    </div>
  );
}
