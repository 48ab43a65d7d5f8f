import { useId } from 'preact/hooks';

export interface SelectFieldProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly onChange: (value: string) => void;
  readonly testId?: string;
}

export function SelectField({ label, value, options, onChange, testId }: SelectFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class="small muted">
        {label}
      </label>
      <select id={id} value={value} data-testid={testId} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </div>
  );
}
