/** Looks one key up; look-ups that are asked for within the window share one call. */
export type BatchLookup<Key, Value> = (key: Key) => Promise<Value>;

/** How keys are collected and looked up. */
export interface BatchLookupOptions<Key, Value> {
  /** Most keys one call takes. */
  readonly maxKeys: number;
  /** How long to wait for company, ms. */
  readonly windowMs: number;
  /** Looks all keys up; one answer for each, in their order. */
  readonly load: (keys: readonly Key[]) => Promise<readonly Value[]>;
}

interface Batch<Key, Value> {
  readonly keys: Map<Key, number>;
  readonly answers: Promise<readonly Value[]>;
  readonly start: () => void;
}

/**
 * Creates a look-up that gathers keys. It is no cache: every call starts after the keys it carries were asked for, so a
 * proof that needs a look-up *after* some moment may use it (04 §6.6).
 */
export function createBatchLookup<Key, Value>(options: BatchLookupOptions<Key, Value>): BatchLookup<Key, Value> {
  const { maxKeys, windowMs, load } = options;
  let open: Batch<Key, Value> | undefined;

  const openBatch = (): Batch<Key, Value> => {
    const keys = new Map<Key, number>();
    const started = Promise.withResolvers<void>();
    const timer = setTimeout(started.resolve, windowMs);
    const answers = started.promise.then(() => {
      clearTimeout(timer);
      // Closed in the same turn in which the call is made: a key that comes later opens the next batch.
      if (open === batch) open = undefined;
      return load([...keys.keys()]);
    });
    const batch = { keys, answers, start: started.resolve };
    return batch;
  };

  return async (key) => {
    open ??= openBatch();
    const batch = open;
    const place = batch.keys.get(key) ?? batch.keys.size;
    batch.keys.set(key, place);
    if (batch.keys.size >= maxKeys) {
      open = undefined;
      batch.start();
    }
    const answer = (await batch.answers)[place];
    if (answer === undefined) throw new RangeError('A batched look-up gave fewer answers than it had keys');
    return answer;
  };
}
