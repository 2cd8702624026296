export { type Config, ConfigError, loadConfig } from './config/index.ts';
export { type RunningDaemon, type StartDaemonOptions, StartFailure } from './daemon-options.ts';
export type { ExitCode } from './exit-codes.ts';
export { createLogger, type DaemonLogger } from './logging/index.ts';
export { initialise } from './runtime/initialise.ts';
export { startDaemon } from './runtime/start-daemon.ts';
export { VERSION } from './version.ts';
