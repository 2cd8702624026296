/** Runs tasks one after another. */
export interface SerialQueue {
  /** Tasks that run or wait. */
  readonly size: number;
  /** Runs a task once all tasks handed in before it have ended, well or badly. */
  run<T>(task: () => Promise<T>): Promise<T>;
}

/** A queue of concurrency one. */
export function createSerialQueue(): SerialQueue {
  let tail: Promise<unknown> = Promise.resolve();
  let size = 0;
  return {
    get size() {
      return size;
    },
    run(task) {
      size += 1;
      const done = tail.then(task).finally(() => {
        size -= 1;
      });
      // Whoever comes next waits for the end of this task; how it ended is its caller's matter.
      tail = done.then(
        () => undefined,
        () => undefined,
      );
      return done;
    },
  };
}
