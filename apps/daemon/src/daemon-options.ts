import type { Clock, IChainAdapter, LogFields, Logger, PolicyPreset } from '@waiaas/core';
import type { Storage } from '@waiaas/storage';
import type { Config } from './config/index.ts';
import type { ExitCode } from './exit-codes.ts';
import type { DaemonLogger } from './logging/index.ts';

/**
 * Tells what the start has just done, or is about to do: one line for people, and the figures in it for programs.
 * @param silenceMs how long nothing may be heard from then on, where that is longer than usual
 */
export type OnStep = (step: string, detail?: string, silenceMs?: number) => void;

/**
 * What a daemon is started from. The caller has done step 1 of 01 §4.1: the configuration is checked, the data directory
 * is private and locked for this process, the log is open.
 */
export interface StartDaemonOptions {
  readonly dataDir: string;
  readonly config: Config;
  /** Asked once, when the keystore is about to be unlocked; the reference is to be dropped right after. */
  readonly password: () => Promise<string>;
  readonly logger: DaemonLogger;
  readonly onStep: OnStep;
  /** Aborted when the start is to be given up; looked at between steps, cleaning up what was opened so far. */
  readonly signal?: AbortSignal;
  /** Port to listen on in place of the configured one; 0 lets the system choose. */
  readonly port?: number;
  /**
   * Takes the machine's clock as it is, although there are records of a later time: the time before was wrong. Without it
   * the daemon does not start on a clock that was set back.
   */
  readonly acceptClock?: boolean;
  /** Puts something between the daemon and its parts, so that tests can make them fail or watch them. */
  readonly wrap?: {
    readonly storage?: (storage: Storage) => Storage;
    readonly adapter?: (adapter: IChainAdapter) => IChainAdapter;
    readonly clock?: (clock: Clock) => Clock;
    /** Milliseconds between two rounds of a worker. */
    readonly workerInterval?: (worker: string, intervalMs: number) => number;
  };
}

/** Why a daemon ends: a signal, the admin route, the program it runs in, or another daemon found after it was ready. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGBREAK' | 'ADMIN' | 'HOST' | 'PID_CONFLICT';

/** Events that end the process at once (01 §4.3). */
export type CrashEvent = 'DAEMON_CRASH' | 'DAEMON_UNHANDLED_REJECTION';

/** A daemon that listens. */
export interface RunningDaemon {
  /** The port really listened on. */
  readonly port: number;
  readonly pid: number;
  /** Begins the graceful shutdown, steps 2–10 of 01 §4.2; later calls join the first. Answers what `finished` does. */
  stop(reason: StopReason): Promise<ExitCode>;
  /** Settles, never rejects, once everything is closed, whoever began it: 0, or 1 when it had to be forced. */
  readonly finished: Promise<ExitCode>;
  /** Takes over the settings that need no restart (01 §1.5, column R). */
  reload(config: Config): void;
  /** Present state for the log (01 §4.3, status dump). */
  describe(): LogFields;
  /**
   * Last act of a dying process. The keys are wiped before this returns; the promise settles, never rejects, when the
   * audit row is written or cannot be. Wait for it a second at most.
   */
  crash(event: CrashEvent, error: unknown): Promise<void>;
}

/**
 * Starts a daemon: steps 2–6 of 01 §4.1. What a failed start had opened is closed again before this rejects.
 * @throws StartFailure
 */
export type StartDaemon = (options: StartDaemonOptions) => Promise<RunningDaemon>;

/**
 * Creates what `init` cannot: database with schema and seeds, and the vault. Called with an empty staging directory that
 * becomes part of the data directory; everything must be closed again when it resolves.
 */
export type Initialise = (
  dataDir: string,
  config: Config,
  password: string,
  dependencies: { readonly logger: Logger; readonly preset?: PolicyPreset },
) => Promise<void>;

/** What a start fails with. */
export interface StartFailureOptions {
  readonly exitCode: ExitCode;
  /** Stable word for programs, such as PORT_IN_USE. */
  readonly code: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The daemon could not be started. The message is for people and says what is wrong; the hint, what to do. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(message: string, options: StartFailureOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode;
    this.code = options.code;
    this.hint = options.hint;
  }
}
