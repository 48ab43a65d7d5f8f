import { useId } from 'preact/hooks';

export interface SelectFieldProps<V extends string> {
  readonly label: string;
  readonly value: V;
  /** `lang`: of the text, where it is not the page's. */
  readonly options: readonly { readonly value: V; readonly text: string; readonly lang?: string }[];
  readonly onChange: (value: V) => void;
  readonly testId?: string;
}

export function SelectField<V extends string>({ label, value, options, onChange, testId }: SelectFieldProps<V>) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class="small muted">
        {label}
      </label>
      <select id={id} value={value} data-testid={testId} onChange={(event) => onChange(event.currentTarget.value as V)}>
        {options.map((option) => (
          <option key={option.value} value={option.value} lang={option.lang}>
            {option.text}
          </option>
        ))}
      </select>
    </div>
  );
}
