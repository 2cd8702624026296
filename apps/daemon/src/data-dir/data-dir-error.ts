/** The data directory cannot be used as it is. The message says what to do. */
export class DataDirError extends Error {
  override readonly name = 'DataDirError';
}
