import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

export interface ButtonProps {
  /** While the promise that it returns is pending, the button shows that it waits and takes no second click. */
  readonly onPress: () => unknown;
  readonly children: ComponentChildren;
  readonly look?: 'plain' | 'primary' | 'danger' | 'link';
  readonly small?: boolean;
  readonly disabled?: boolean;
  /** Waits for something that was not started by this button. */
  readonly busy?: boolean;
  readonly testId?: string;
  /** Said by screen readers instead of the visible text, which it must contain. */
  readonly label?: string | undefined;
}

const looks = {
  plain: 'button',
  primary: 'button button-primary',
  danger: 'button button-danger',
  link: 'button-link',
};

/** A button that stays focusable while it is busy or disabled, so that the keyboard never loses its place. */
export function Button({ onPress, children, look = 'plain', small, disabled, busy, testId, label }: ButtonProps) {
  const [pending, setPending] = useState(false);
  const mounted = useRef(true);
  useEffect(
    () => () => {
      mounted.current = false;
    },
    [],
  );
  const waits = pending || busy === true;
  const press = () => {
    if (waits || disabled) return;
    const result = onPress();
    if (!(result instanceof Promise)) return;
    setPending(true);
    const settle = () => {
      if (mounted.current) setPending(false);
    };
    result.then(settle, settle);
  };
  return (
    <button
      type="button"
      class={small ? `${looks[look]} button-small` : looks[look]}
      data-testid={testId}
      aria-label={label}
      aria-busy={waits ? 'true' : undefined}
      aria-disabled={disabled || waits ? 'true' : undefined}
      onClick={press}
    >
      {children}
    </button>
  );
}
