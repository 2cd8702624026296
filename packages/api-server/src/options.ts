import type { Clock, Logger, RandomBytes } from '@waiaas/core';
import type { ObservedAnswer } from './hooks/observe-answers.ts';
import type { Authenticators } from './ports/authenticators.ts';
import type { ConsoleFile } from './ports/console-file.ts';
import type { KillSwitchView } from './ports/kill-switch-view.ts';
import type { ApiServices } from './ports/services.ts';

/** Requests per sliding minute (06 §1.8). Each may be up to 1,000,000. */
export interface RateLimits {
  /** Per peer address, for requests with neither a verified session token nor a live operator token. */
  readonly globalRpm: number;
  /** Per session. */
  readonly sessionRpm: number;
  /** Payments per session. */
  readonly transactionRpm: number;
  /** New sessions per peer address. Default 5. */
  readonly sessionCreateRpm?: number;
  /** Health checks, and as many readings of the figures, per peer address, in place of `globalRpm`. Default 600. */
  readonly healthRpm?: number;
}

/** What the server is built from. It reads no environment, opens no socket and knows no concrete service. */
export interface ApiServerOptions {
  readonly services: ApiServices;
  readonly authenticators: Authenticators;
  readonly killSwitch: KillSwitchView;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of every answer; must not throw. */
  readonly observe: (answer: ObservedAnswer) => void;
  /** For request ids. */
  readonly randomBytes: RandomBytes;
  /** Version of the daemon, shown in the API document. */
  readonly version: string;
  /** The port that is really bound; asked again at each request, because it is known only after listening. */
  readonly port: () => number;
  /**
   * Origins that may use the API from a browser, besides the daemon's own two (`http://localhost:<port>`,
   * `http://127.0.0.1:<port>`) and `tauri://localhost` (06 §1.6).
   */
  readonly corsOrigins: readonly string[];
  /** Host header values to accept besides the daemon's own, for a port that a container maps (06 §1.4). Exact strings. */
  readonly extraHosts?: readonly string[];
  readonly limits: RateLimits;
  /** Whether `/doc` and the docs UI exist (06 §1.12). Fixed for the life of the server. */
  readonly debug: boolean;
  /** The built console, by path below `/console/`; without it there is no `/console`. */
  readonly console?: ReadonlyMap<string, ConsoleFile>;
  /** Aborted when shutdown begins: new requests are refused, waiting payments answer at once (06 §1.3, 04 §20). */
  readonly shutdown: AbortSignal;
}
