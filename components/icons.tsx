const paths = {
  on: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm3.4 4.3L7 9.7 4.9 7.6 3.8 8.7 7 11.9l5.5-5.5Z',
  off: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm0 1.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z',
  refused: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm0 1.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM4.5 7.25h7v1.5h-7Z',
  never:
    'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm0 1.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM5.5 4.45 11.55 10.5l-1.06 1.06L4.44 5.5Z',
  stopped: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm0 1.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM5.5 5.5h5v5h-5Z',
  expired:
    'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm0 1.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM7.25 4h1.5v3.7l2.6 1.5-.75 1.3-3.35-1.95Z',
  paused:
    'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm0 1.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM5.5 5h1.75v6H5.5Zm3.25 0h1.75v6H8.75Z',
  held: 'M4.5 7V5a3.5 3.5 0 1 1 7 0v2h1v8h-9V7ZM6 7h4V5a2 2 0 1 0-4 0ZM7.25 9.5v3h1.5v-3Z',
  unsupported: 'M2 7.25h12v1.5H2Z',
  warning: 'M8 1.2 15.4 14.5H.6ZM7.25 6v4h1.5V6Zm0 5.25v1.5h1.5v-1.5Z',
  info: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1ZM7.25 7v5h1.5V7Zm0-3v1.75h1.5V4Z',
} as const;

export type IconName = keyof typeof paths;

/** A small picture beside a word that says the same: hidden from screen readers. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path fill="currentColor" fill-rule="evenodd" d={paths[name]} />
    </svg>
  );
}
