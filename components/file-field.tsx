import type { Ref } from 'preact';

export interface FileFieldProps {
  readonly label: string;
  readonly testId: string;
  /** The field itself: whoever settles a file empties it, so that the same file can be picked again. */
  readonly field: Ref<HTMLInputElement>;
  readonly onPick: (file: File) => unknown;
}

/** A JSON file of the person's, to be looked at. */
export function FileField({ label, testId, field, onPick }: FileFieldProps) {
  return (
    <label class="field import-field">
      <span class="small">{label}</span>
      <input
        ref={field}
        type="file"
        accept=".json,application/json"
        data-testid={testId}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) void onPick(file);
        }}
      />
    </label>
  );
}
