/** Runs tasks one after another, in the order they were handed in; a failed one does not stop the next. */
export function serial(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const run = last.then(task, task);
    last = run;
    return run;
  };
}

/**
 * Runs a task that looks at how things stand, in turn with itself. Calls that come while one run waits for its turn are that
 * run: it will see all that they told of.
 */
export function coalesced(look: () => Promise<void>): () => Promise<void> {
  const inTurn = serial();
  let waiting: Promise<void> | undefined;
  return () => {
    waiting ??= inTurn(() => {
      waiting = undefined;
      return look();
    });
    return waiting;
  };
}
