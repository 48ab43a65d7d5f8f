/** Throws when something that our own code guarantees does not hold: a bug, never an expected outcome. */
export function invariant(holds: unknown, what: string): asserts holds {
  if (!holds) throw new Error(`broken invariant: ${what}`);
}
