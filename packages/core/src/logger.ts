/** Fields of a log line. Never a secret: passwords, keys, tokens, authorisation headers, URLs with credentials (01 §1.6). */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where operational messages go. Shaped like pino, so that a pino logger fits as it is. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
