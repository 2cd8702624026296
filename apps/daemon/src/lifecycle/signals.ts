import type { CrashEvent } from '../daemon-options.ts';

/** What is done about the signals and accidents of a daemon process (01 §4.3). */
export interface SignalHandlers {
  /** SIGINT, SIGTERM, SIGBREAK: graceful end. Called at every signal; repeated ones must be harmless. */
  readonly stop: (signal: 'SIGINT' | 'SIGTERM' | 'SIGBREAK') => void;
  /** SIGHUP: read the configuration again. */
  readonly reload: () => void;
  /** SIGUSR2: present state to the log. (Node opens its inspector on SIGUSR1.) */
  readonly dump: () => void;
  /** An error nobody caught. The process must end. */
  readonly crash: (event: CrashEvent, error: unknown) => void;
}

/** Installs the handlers. @returns what removes them again */
export function handleSignals(handlers: SignalHandlers): () => void {
  const uncaught = (error: unknown): void => handlers.crash('DAEMON_CRASH', error);
  const unhandled = (error: unknown): void => handlers.crash('DAEMON_UNHANDLED_REJECTION', error);
  process.on('SIGINT', handlers.stop);
  process.on('SIGTERM', handlers.stop);
  if (process.platform === 'win32') process.on('SIGBREAK', handlers.stop);
  process.on('SIGHUP', handlers.reload);
  if (process.platform !== 'win32') process.on('SIGUSR2', handlers.dump);
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', unhandled);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGBREAK'] as const) process.off(signal, handlers.stop);
    process.off('SIGHUP', handlers.reload);
    process.off('SIGUSR2', handlers.dump);
    process.off('uncaughtException', uncaught);
    process.off('unhandledRejection', unhandled);
  };
}
