export { createLogger, type DaemonLogger, type LoggerOptions, type LogLevel } from './logger.ts';
export { lineFilter, redactFields } from './redact.ts';
export type { Rotation } from './rotating-file.ts';
