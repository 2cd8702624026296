/** An error of the operating system, such as ENOENT. */
export interface SystemError extends Error {
  readonly code: string;
}

/** Whether something thrown is an error of the operating system, of any or of some codes. */
export const isSystemError = (error: unknown, ...codes: readonly string[]): error is SystemError =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  (codes.length === 0 || codes.includes(error.code));

/** Runs something, answering `fallback` where the file is not there. */
export function unlessMissing<T, F>(run: () => T, fallback: F): T | F {
  try {
    return run();
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return fallback;
    throw error;
  }
}
