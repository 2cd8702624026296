/** Runs works one after another, in the order they were handed over; one that fails does not stop the next. */
export type Exclusive = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * A queue of one. Everything that touches files or runs the KDF goes through the keystore's, so that two writers never
 * meet and the memory of two KDF runs is never held at once.
 */
export function createExclusive(): Exclusive {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
}
