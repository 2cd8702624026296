/*
 * The two preferences that are kept in the browser, language and appearance. A browser may be set to keep nothing, and then
 * throws at every touch: the page works all the same, and begins with its defaults.
 */

/** What was kept under a name; null when there is nothing. */
export function keptAs(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Keeps a preference, where the browser keeps anything. */
export function keepAs(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It counts for as long as the page lives.
  }
}
