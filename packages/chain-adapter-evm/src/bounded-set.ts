/** A set of texts that forgets the oldest once it is full. */
export interface BoundedSet {
  /** True when it is new. */
  add(value: string): boolean;
  has(value: string): boolean;
  remove(value: string): void;
}

/** Creates a set of at most so many texts. */
export function createBoundedSet(capacity: number): BoundedSet {
  const values = new Set<string>();
  return {
    has: (value) => values.has(value),
    remove: (value) => void values.delete(value),
    add(value) {
      if (values.has(value)) return false;
      values.add(value);
      const [oldest] = values;
      if (values.size > capacity && oldest !== undefined) values.delete(oldest);
      return true;
    },
  };
}
