/** What `read` makes of a row; null where it is of a shape that no daemon has written. */
export function readable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    // A seal that holds over the shape of another kind, or content that no encoding has.
    if (error instanceof TypeError) return null;
    throw error;
  }
}
