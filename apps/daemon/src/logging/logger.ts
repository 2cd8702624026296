import type { Logger } from '@waiaas/core';
import { pino, stdTimeFunctions } from 'pino';
import { prettyLine } from './pretty-line.ts';
import { lineFilter, redactFields } from './redact.ts';
import { openRotatingFile, type Rotation } from './rotating-file.ts';

/** How much is logged (01 §1.5). */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** How the daemon logs. */
export interface LoggerOptions {
  /** Absolute path. */
  readonly file: string;
  readonly level: LogLevel;
  readonly rotation: Rotation;
  /** Texts that must never be written, such as the values of the configuration's secret keys. */
  readonly secrets: readonly string[];
  /** Where a person reads along, in foreground: gets one short line at a time. */
  readonly echo?: ((line: string) => void) | undefined;
}

/** The daemon's log. */
export interface DaemonLogger extends Logger {
  trace(fields: Readonly<Record<string, unknown>>, message: string): void;
  readonly level: LogLevel;
  /** Takes effect with the next line, as SIGHUP and the settings API need. */
  setLevel(level: LogLevel): void;
  setRotation(rotation: Rotation): void;
  /** Ends the log. Lines written later are dropped. */
  close(): void;
}

/** Errors are written out by `redactFields`; pino's own serializer would go over them a second time. */
const asIs = (value: unknown): unknown => value;

/**
 * The operational log: JSON lines in a rotated file, and short lines for a person in foreground. No secret passes it: by
 * field name, by form and by value (01 §1.6, §4.6).
 *
 * @throws when the file cannot be opened
 */
export function createLogger(options: LoggerOptions): DaemonLogger {
  const file = openRotatingFile(options.file, options.rotation);
  const filter = lineFilter(options.secrets);
  let level = options.level;
  let open = true;
  const write = (line: string): void => {
    if (!open) return;
    const clean = filter(line);
    file.write(clean);
    options.echo?.(prettyLine(clean));
  };
  const log = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { log: redactFields },
      serializers: { err: asIs },
    },
    { write },
  );
  return {
    trace: (fields, message) => log.trace(fields, message),
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    get level() {
      return level;
    },
    setLevel(next) {
      level = next;
      log.level = next;
    },
    setRotation: (rotation) => file.setRotation(rotation),
    close() {
      open = false;
      file.close();
    },
  };
}
