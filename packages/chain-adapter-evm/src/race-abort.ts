/** Thrown by a wait whose caller has lost interest. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned';
}

/**
 * Waits for something unless the signal aborts first. The work itself goes on: others may share it.
 * @throws Abandoned when the signal aborts.
 */
export async function raceAbort<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const abandoned = Promise.withResolvers<never>();
  const abandon = (): void => abandoned.reject(new Abandoned());
  if (signal.aborted) abandon();
  signal.addEventListener('abort', abandon, { once: true });
  try {
    return await Promise.race([work, abandoned.promise]);
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}
