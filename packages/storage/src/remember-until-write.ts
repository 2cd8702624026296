import type { Storage } from './open-storage.ts';

/** Answers that are kept at most; one for each session or agent that is active. */
const CAPACITY = 10_000;

/**
 * Reads through a memory that forgets everything as soon as anything is committed. An answer is therefore never older than
 * the last commit: what a revocation or a suspension has written is seen by the very next request. It rests on the daemon
 * being the only writer of its database, which the lock of the data directory guarantees.
 *
 * @example const findAddress = rememberUntilWrite(storage, (id: string) => findAgent(storage.read, id));
 */
export function rememberUntilWrite<Key extends string, Value>(
  storage: Pick<Storage, 'revision'>,
  load: (key: Key) => Promise<Value>,
): (key: Key) => Promise<Value> {
  let answers = new Map<Key, Value>();
  let readAt = -1;
  return async (key) => {
    const revision = storage.revision();
    if (revision !== readAt || answers.size >= CAPACITY) {
      answers = new Map();
      readAt = revision;
    }
    const known = answers.get(key);
    if (known !== undefined) return known;
    // A commit while this loads makes a new map, so that an answer from before it is not kept beyond it.
    const into = answers;
    const value = await load(key);
    into.set(key, value);
    return value;
  };
}
