/** Reads out what came of an action, without moving the focus. The element stands from the first paint on. */
export function Announcer({ message }: { message: string }) {
  return (
    <p class="visually-hidden" role="status" data-testid="announcer">
      {message}
    </p>
  );
}
