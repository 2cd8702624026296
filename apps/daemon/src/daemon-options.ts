import type { IChainAdapter, Logger } from '@waiaas/core';
import type { Storage } from '@waiaas/storage';
import type { Config } from './config/index.ts';
import type { ExitCode } from './exit-codes.ts';
import type { DaemonLogger } from './logging/index.ts';

export type { ExitCode } from './exit-codes.ts';

/** Tells, in one line for people, what the start has just done. */
export type OnStep = (step: string) => void;

/** What a daemon is started from. The configuration has been checked and the log is open; the rest of 01 §4.1 follows. */
export interface StartOptions {
  readonly dataDir: string;
  readonly config: Config;
  /** Asked at most once, when the keystore is about to be unlocked. */
  readonly password: () => Promise<string>;
  readonly logger: DaemonLogger;
  readonly onStep: OnStep;
  /** Port to listen on in place of the configured one; 0 lets the system choose. */
  readonly port?: number;
  /** Puts something between the daemon and its parts, so that tests can make them fail or watch them. */
  readonly wrap?: {
    readonly storage?: (storage: Storage) => Storage;
    readonly adapter?: (adapter: IChainAdapter) => IChainAdapter;
  };
}

/** A daemon that listens. */
export interface RunningDaemon {
  readonly pid: number;
  /** The port really listened on. */
  readonly port: number;
  /** Begins the graceful shutdown of 01 §4.2; later calls join the first. Answers what `finished` does. */
  stop(reason: string): Promise<ExitCode>;
  /** Settles, never rejects, once everything is closed, whoever began it: 0, or 1 when it had to be forced. */
  readonly finished: Promise<ExitCode>;
}

/** Starts a daemon. @throws StartFailure */
export type StartDaemon = (options: StartOptions) => Promise<RunningDaemon>;

/**
 * Creates what `init` itself does not: database with schema and seeds, and the vault. Called with a staging directory
 * that becomes the data directory; everything is closed again when it resolves.
 */
export type Initialise = (
  dataDir: string,
  config: Config,
  password: string,
  dependencies: { readonly logger: Logger },
) => Promise<void>;

/** The daemon could not be started, and what was opened has been closed. The message says what is wrong and what to do. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = exitCode;
  }
}
