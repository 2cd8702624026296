import { setTimeout as wait } from 'node:timers/promises';
import type { createApiServer } from '@waiaas/api-server';
import { type Clock, unixSeconds } from '@waiaas/core';
import type { KeystoreParts } from '@waiaas/keystore';
import type { AuditTrail } from '@waiaas/safety';
import { type AuditEntry, appendAudit, type Storage } from '@waiaas/storage';
import type { CrashEvent, RunningDaemon, StopReason } from '../daemon-options.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { DaemonLogger } from '../logging/index.ts';
import type { AdapterRegistry } from './adapter-registry.ts';
import type { Composition } from './compose.ts';
import { reasonOf } from './reason-of.ts';

/** Kept back from the shutdown's time for the steps after the drain (01 §4.2). */
const RESERVE_MS = 5000;
/** How long the last notifications may take to get out. */
const LAST_WORDS_MS = 2000;

/** What is stopped, and what tells of it. */
export interface ShutdownParts {
  readonly parts: Composition;
  readonly server: Awaited<ReturnType<typeof createApiServer>>;
  readonly adapters: AdapterRegistry;
  readonly storage: Storage;
  readonly keystore: KeystoreParts['keystore'];
  readonly gate: KeystoreParts['gate'];
  readonly auditTrail: AuditTrail;
  readonly audit: (entry: AuditEntry) => Promise<void>;
  readonly takeNotes: () => Promise<void>;
  /** Wipes the keys; synchronous, and true where there were any. */
  readonly lockKeys: () => boolean;
  /** Told first: what only reads gives up. */
  readonly shutdown: AbortController;
  /** Ends once the ledger is proven or its proof was given up. */
  readonly proof: () => Promise<void>;
  /** Seconds that the whole may take. */
  readonly timeout: () => number;
  readonly startedAt: number;
  readonly clock: Clock;
  readonly logger: DaemonLogger;
}

/** Ways for a daemon to end (01 §4.2, §4.3). */
export type Shutdown = Pick<RunningDaemon, 'stop' | 'finished' | 'crash'>;

/** Builds the end of a daemon that listens. */
export function createShutdown({
  parts,
  server,
  adapters,
  storage,
  keystore,
  gate,
  auditTrail,
  audit,
  takeNotes,
  lockKeys,
  shutdown,
  proof,
  timeout,
  startedAt,
  clock,
  logger,
}: ShutdownParts): Shutdown {
  const ending = Promise.withResolvers<ExitCode>();
  let stopping = false;

  /** Steps 2 to 9 of 01 §4.2; one that fails does not keep the others from being taken. */
  async function shutDown(reason: StopReason): Promise<ExitCode> {
    const deadline = timeout() * 1000;
    const patience = Math.max(1000, deadline - RESERVE_MS);
    const until = performance.now() + patience;
    const left = (): number => Math.max(1000, until - performance.now());
    const force = setTimeout(() => void forceEnd(), deadline);
    const attempt = async (name: string, step: () => Promise<unknown> | unknown): Promise<void> => {
      try {
        await step();
      } catch (error) {
        logger.error({ step: name, error: reasonOf(error) }, 'A step of the shutdown failed');
      }
    };
    logger.info({ reason }, 'Stopping');
    shutdown.abort();
    await proof();
    await attempt('audit', () => audit({ event: 'DAEMON_SHUTDOWN_INITIATED', actor: 'system', details: { reason } }));
    const closed = server.close();
    // Requests under way get their answer, and what was signed gets sent, as far as the time allows.
    await attempt('http', () => Promise.race([closed, wait(left(), undefined, { ref: false })]));
    server.server.closeAllConnections();
    await attempt('pipeline', () => parts.pipeline.stop(left()));
    await attempt('workers', () => parts.workers.stop());
    await attempt('bot', async () => parts.bot?.stop());
    await attempt('adapters', () => adapters.disconnect());
    parts.operatorTokens.revokeAll();
    const uptime = Math.floor((clock.now() - startedAt) / 1000);
    // While it still holds that nothing is stopped: the next start reads the audit log from here.
    if (gate.isOpen) await attempt('heads', () => parts.pipeline.renewHeads());
    await attempt('audit', () => parts.normalMarker.keep());
    await takeNotes();
    // Written before the keys go, so that the seal of the audit log covers its last rows; nothing is signed any more.
    gate.close();
    if (keystore.isUnlocked) await attempt('audit', () => audit({ event: 'KEYSTORE_LOCKED', actor: 'system' }));
    await attempt('audit', () =>
      storage.write(async ({ db, notify }) => {
        await appendAudit(db, unixSeconds(clock), {
          event: 'DAEMON_STOPPED',
          actor: 'system',
          details: { pid: process.pid, uptime },
        });
        await notify({ event: 'DAEMON_STOPPED', reason });
      }),
    );
    // What does not get out in time is told at the next start.
    await attempt('notifications', () => parts.notifications.dispatcher.stop(LAST_WORDS_MS));
    await attempt('keystore', () => lockKeys());
    await attempt('audit', () => auditTrail.watch());
    await attempt('database', () => storage.close());
    clearTimeout(force);
    logger.info({ uptime }, 'Stopped');
    return 0;
  }

  /** The time is over: the keys are wiped whatever else hangs. */
  async function forceEnd(): Promise<void> {
    lockKeys();
    logger.error({}, 'Stopping took too long; the keys are wiped and the process ends');
    await recordLast('DAEMON_FORCED_SHUTDOWN', {});
    ending.resolve(1);
  }

  async function recordLast(
    event: CrashEvent | 'DAEMON_FORCED_SHUTDOWN',
    details: Record<string, unknown>,
  ): Promise<void> {
    try {
      await storage.write(async ({ db, notify }) => {
        await appendAudit(db, unixSeconds(clock), { event, actor: 'system', details });
        // Told at the next start, if not before the process ends.
        await notify({ event: 'DAEMON_CRASHED', kind: event });
      });
    } catch (error) {
      logger.error({ event, error: reasonOf(error) }, 'The end of the daemon could not be recorded');
    }
  }

  return {
    stop(reason) {
      if (!stopping) {
        stopping = true;
        shutDown(reason).then(ending.resolve, () => ending.resolve(1));
      }
      return ending.promise;
    },
    finished: ending.promise,
    crash(event, error) {
      lockKeys();
      return recordLast(event, { error: reasonOf(error) });
    },
  };
}
