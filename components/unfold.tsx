import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Button } from './button';

export interface UnfoldProps {
  /** The button that opens it. */
  readonly action: string;
  /** Said by screen readers instead, where one page has several of them. */
  readonly label?: string | undefined;
  /** What it is about, once it is open. */
  readonly title: string;
  readonly testId: string;
  readonly small?: boolean;
  readonly children: (close: () => void) => ComponentChildren;
}

/** A button that opens a form in its place. Escape closes it, and the focus goes in and comes back. */
export function Unfold({ action, label, title, testId, small, children }: UnfoldProps) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLFieldSetElement>(null);
  const opener = useRef<HTMLDivElement>(null);
  const was = useRef(false);
  const id = useId();
  useEffect(() => {
    if (open) place.current?.querySelector<HTMLElement>('input, button')?.focus();
    else if (was.current) opener.current?.querySelector('button')?.focus();
    was.current = open;
  }, [open]);
  if (!open) {
    return (
      <div ref={opener}>
        <Button testId={testId} small={small ?? false} label={label} onPress={() => setOpen(true)}>
          {action}
        </Button>
      </div>
    );
  }
  return (
    <fieldset
      class="stack unfolded"
      ref={place}
      aria-labelledby={id}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        setOpen(false);
      }}
    >
      <legend id={id} class="field-title">
        {title}
      </legend>
      {children(() => setOpen(false))}
    </fieldset>
  );
}
