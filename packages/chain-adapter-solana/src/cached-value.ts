import type { Clock } from '@waiaas/core';

/** A value that is fetched at most once per lifetime, however many ask for it at once. */
export interface CachedValue<Value> {
  get(): Promise<Value>;
}

/** How a cached value is fetched and how long it is good. */
export interface CachedValueOptions<Value> {
  readonly clock: Clock;
  /** Counted from before the fetch began, so that a slow answer is not held longer than a fast one. */
  readonly ttlMs: number;
  readonly load: () => Promise<Value>;
}

/**
 * Creates a cache of one value. Callers during a fetch share it; a failed fetch is forgotten, and whoever joined it asks anew:
 * that an earlier moment was bad says nothing about theirs.
 */
export function createCachedValue<Value>(options: CachedValueOptions<Value>): CachedValue<Value> {
  const { clock, ttlMs, load } = options;
  let entry: { readonly value: Value; readonly since: number } | undefined;
  let loading: Promise<Value> | undefined;

  const refresh = async (): Promise<Value> => {
    const since = clock.now();
    try {
      const value = await load();
      entry = { value, since };
      return value;
    } finally {
      loading = undefined;
    }
  };

  return {
    async get() {
      if (entry !== undefined) {
        const age = clock.now() - entry.since;
        // A clock that was set back makes the age negative: not a reason to keep a value for longer.
        if (age >= 0 && age <= ttlMs) return entry.value;
      }
      if (loading !== undefined) {
        try {
          return await loading;
        } catch {
          // The caller that began the fetch gets its error.
        }
      }
      loading ??= refresh();
      return await loading;
    },
  };
}
