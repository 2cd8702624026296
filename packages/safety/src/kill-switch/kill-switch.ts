import {
  agentId,
  type Clock,
  isoTime,
  isWaiaasError,
  type KillSwitchActor,
  type KillSwitchResponse,
  type KillSwitchStatus,
  type Logger,
  type RecoverResponse,
  type RowSealer,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import { type Keystore, KeystoreError, type SigningGate } from '@waiaas/keystore';
import { auditOrigin, confirmOrigin, type RequestOrigin } from '@waiaas/management';
import {
  type AuditEntry,
  appendAudit,
  type Db,
  isAgentAuthentic,
  listSuspendedFor,
  loadOwner,
  moveAgent,
  reportBrokenAgent,
  restoreSuspension,
  type Storage,
} from '@waiaas/storage';
import { type CascadeReport, runCascade } from './cascade.ts';
import { type KillSwitchState, NORMAL, storedStatus, writeKillSwitch } from './state.ts';

/** Waiting, injected so that tests drive it. */
export interface Timers {
  /** Resolves after a while, or at once when the signal is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What the kill switch works with. */
export interface KillSwitchDependencies {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly vault: Pick<Keystore, 'isUnlocked' | 'unlock' | 'lock' | 'publicKey'>;
  readonly gate: SigningGate;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Ends what operators signed in with. */
  readonly endOperatorTokens: () => void;
  /** What every opening of the vault is followed by, at a start and here. */
  readonly afterUnlock: () => Promise<void>;
  /** Takes up payments that were left as they were while the vault was locked; before anything is signed again. */
  readonly takeUpPayments: () => Promise<void>;
  /** As the start has found it. */
  readonly initial: KillSwitchState;
}

/** A part of the daemon that engages the kill switch by itself. */
export interface AutomaticOrigin {
  readonly by: 'auto_stop' | 'system';
}

/** How a recovery is asked for. The master password has been checked already. */
export interface RecoveryRequest {
  readonly password: string;
  /** Checks the owner's signature over the request; null when none was shown. Called once the seals can be read. */
  readonly proveOwner: (() => Promise<RequestOrigin>) | null;
  /** Whether the request comes from the command on this machine, run by the daemon's own user. */
  readonly isLocalCommand: () => boolean;
  /** Who asks, as far as the password tells. */
  readonly origin: RequestOrigin;
}

/** The kill switch (05 §3). */
export interface KillSwitch {
  status(): KillSwitchStatus;
  details(): Omit<KillSwitchState, 'status'>;
  /**
   * Engages it. Once this has resolved, nothing is signed any more: the gate of the keystore is closed before the first
   * row is written.
   * @throws WaiaasError KILL_SWITCH_ACTIVE when it is engaged; STORAGE_UNAVAILABLE and others when nothing was changed
   */
  activate(reason: string, origin: RequestOrigin | AutomaticOrigin): Promise<KillSwitchResponse>;
  /**
   * Recovers. Whatever goes wrong leads back to ACTIVATED, with the keys locked.
   * @throws WaiaasError KILL_SWITCH_NOT_ACTIVE, KILL_SWITCH_ACTIVE while another recovery is under way,
   *   INVALID_MASTER_PASSWORD, OWNER_AUTH_REQUIRED, OWNER_NOT_CONNECTED, and what the check of the signature throws
   */
  recover(request: RecoveryRequest): Promise<RecoverResponse>;
}

/** Longest time a recovery may take to open the vault and to check the owner, ms (05 §3.1). */
const RECOVERY_TIMEOUT_MS = 60_000;

const isAutomatic = (origin: RequestOrigin | AutomaticOrigin): origin is AutomaticOrigin => 'by' in origin;

const actorOf = (origin: RequestOrigin | AutomaticOrigin): KillSwitchActor => {
  if (isAutomatic(origin)) return origin.by;
  return origin.actor.kind === 'owner' || origin.actor.kind === 'telegram' ? 'owner' : 'admin';
};

const auditOf = (origin: RequestOrigin | AutomaticOrigin): Pick<AuditEntry, 'actor' | 'ip' | 'evidence'> =>
  isAutomatic(origin) ? { actor: origin.by } : auditOrigin(origin);

/** What the requester of a recovery is told about a vault that did not open. */
function vaultError(error: unknown): unknown {
  if (!(error instanceof KeystoreError)) return error;
  if (error.code === 'WRONG_PASSWORD') return new WaiaasError('INVALID_MASTER_PASSWORD');
  return new WaiaasError('KEYSTORE_LOCKED', { message: `The vault does not open: ${error.message}`, cause: error });
}

/** Builds the kill switch. */
export function createKillSwitch(dependencies: KillSwitchDependencies): KillSwitch {
  const { storage, sealer, vault, gate, clock, timers, logger } = dependencies;
  let state = dependencies.initial;
  /** Activations that are under way, one after another. */
  let activating: Promise<unknown> = Promise.resolve();

  const audit = (entry: AuditEntry): Promise<void> =>
    storage.write(({ db }) => appendAudit(db, unixSeconds(clock), entry));

  const record = (entry: AuditEntry): Promise<void> =>
    audit(entry).catch((error: unknown) =>
      logger.error({ event: entry.event, error: String(error) }, 'A step of the kill switch could not be recorded'),
    );

  /**
   * Step 4: whatever fails here is recorded, and the kill switch stays engaged. The row comes first, so that the seal of the
   * audit log covers it, and with it the ends of payments that met the closed gate; nothing is signed meanwhile.
   */
  async function lockVault(origin: Pick<AuditEntry, 'actor'>): Promise<void> {
    if (!vault.isUnlocked) return;
    await record({ event: 'KEYSTORE_LOCKED', ...origin });
    try {
      wipeKeys();
    } catch (error) {
      logger.error({ error: String(error) }, 'The keystore could not be locked');
      await record({ event: 'KILL_SWITCH_LOCK_FAILED', actor: 'system' });
    }
  }

  async function takeUp(): Promise<void> {
    try {
      await dependencies.takeUpPayments();
    } catch (error) {
      logger.error({ error: String(error) }, 'Payments of before could not be taken up; the workers try again');
    }
  }

  /**
   * An activation that failed: what the database says now decides. Where it does not say that nothing has changed, such as
   * after a commit whose answer was lost, the kill switch counts as engaged.
   */
  async function settleFailure(
    engaged: KillSwitchState,
    wasOpen: boolean,
    origin: Pick<AuditEntry, 'actor'>,
  ): Promise<void> {
    if (await isStoredNormal()) {
      if (wasOpen && vault.isUnlocked) gate.open();
      return;
    }
    state = engaged;
    logger.error({}, 'What became of the activation of the kill switch is not known; it counts as engaged');
    dependencies.endOperatorTokens();
    await lockVault(origin);
  }

  async function isStoredNormal(): Promise<boolean> {
    try {
      return (await storedStatus(storage.read)) === 'NORMAL';
    } catch (error) {
      logger.error({ error: String(error) }, 'The state of the kill switch cannot be read');
      return false;
    }
  }

  async function engage(reason: string, origin: RequestOrigin | AutomaticOrigin): Promise<KillSwitchResponse> {
    if (state.status !== 'NORMAL') throw new WaiaasError('KILL_SWITCH_ACTIVE');
    const start = clock.now();
    const audited = auditOf(origin);
    const wasOpen = gate.isOpen;
    // Before anything else: from here on there is no signature, whatever becomes of the rest.
    gate.close();
    let report: CascadeReport;
    try {
      report = await storage.write(
        async (work) => {
          if (!isAutomatic(origin)) await confirmOrigin(work.db, sealer, origin);
          return runCascade(work, { reason, actor: actorOf(origin), origin: audited }, { sealer, clock });
        },
        { urgent: true },
      );
    } catch (error) {
      await settleFailure({ status: 'ACTIVATED', activatedAt: null, reason, actor: actorOf(origin) }, wasOpen, audited);
      throw error;
    }
    state = report.state;
    logger.warn({ reason, actor: actorOf(origin) }, 'The kill switch is engaged');
    dependencies.endOperatorTokens();
    await lockVault(audited);
    const { sessionsRevoked, transactionsCancelled, agentsSuspended } = report;
    logger.info({ ms: clock.now() - start }, 'The cascade of the kill switch is through');
    return {
      activated: true,
      timestamp: report.state.activatedAt ?? isoTime(clock.now()),
      sessionsRevoked,
      transactionsCancelled,
      agentsSuspended,
    };
  }

  /** The vault is open and the owner has agreed, or there is none and the request is of this machine. */
  async function authorise(request: RecoveryRequest): Promise<RequestOrigin> {
    try {
      // Where it could not be locked when the kill switch was engaged, it is by now, or nothing is recovered.
      if (vault.isUnlocked) vault.lock();
      await vault.unlock(request.password);
    } catch (error) {
      throw vaultError(error);
    }
    await dependencies.afterUnlock();
    const owner = await loadOwner(storage.read, sealer);
    if (owner.state !== 'none') {
      if (request.proveOwner === null) throw new WaiaasError('OWNER_AUTH_REQUIRED');
      return request.proveOwner();
    }
    if (request.isLocalCommand()) return request.origin;
    throw new WaiaasError('OWNER_NOT_CONNECTED', {
      message: 'No owner is connected: only "waiaas recover" on the machine of the daemon can recover.',
      hint: 'Run it as the user that the daemon runs as.',
    });
  }

  async function withinTime<T>(work: Promise<T>): Promise<T> {
    const over = new AbortController();
    const late = timers.sleep(RECOVERY_TIMEOUT_MS, over.signal).then(() => 'late' as const);
    try {
      const first = await Promise.race([work.then((value) => ({ value })), late]);
      if (first !== 'late') return first.value;
      work.catch((error: unknown) => logger.debug({ error: String(error) }, 'A recovery ended after its time'));
      throw new WaiaasError('KEYSTORE_LOCKED', { message: 'The recovery took too long and was given up.' });
    } finally {
      over.abort();
    }
  }

  /**
   * Agents that the kill switch stopped, and only they. One whose key is gone stays suspended, as by hand: the owner resumes
   * it once the key is back.
   */
  async function reactivate(db: Db, now: number, origin: Pick<AuditEntry, 'actor' | 'ip'>): Promise<number> {
    let reactivated = 0;
    for (const row of await listSuspendedFor(db, 'kill_switch')) {
      const id = agentId(row.id);
      // Something else has stopped it, and somebody has made it out to be this.
      if (!isAgentAuthentic(db, row)) {
        await reportBrokenAgent(db, id, now);
        await restoreSuspension(db, id);
        continue;
      }
      if (hasKey(id)) {
        await moveAgent(db, { id, from: 'SUSPENDED', to: 'ACTIVE', now, reason: null });
        const details = { suspendedFor: 'kill_switch' };
        await appendAudit(db, now, { event: 'AGENT_ACTIVATED', ...origin, agentId: id, details });
        reactivated += 1;
      } else {
        await moveAgent(db, { id, from: 'SUSPENDED', to: 'SUSPENDED', now, reason: 'manual' });
        const details = { reason: 'manual', why: 'its key is not there' };
        await appendAudit(db, now, { event: 'AGENT_SUSPENDED', ...origin, agentId: id, details });
        logger.error({ agentId: id }, 'The key of an agent is not there: it stays suspended');
      }
    }
    return reactivated;
  }

  function hasKey(id: ReturnType<typeof agentId>): boolean {
    try {
      vault.publicKey(id);
      return true;
    } catch (error) {
      if (isWaiaasError(error, 'AGENT_NOT_FOUND')) return false;
      throw error;
    }
  }

  /** Also while they are being loaded: an unlock under way gives up when it finds that there was a lock. */
  function wipeKeys(): void {
    try {
      vault.lock();
    } catch (error) {
      if (!isWaiaasError(error, 'KEYSTORE_LOCKED')) throw error;
    }
  }

  /** Every failure of a recovery ends here. The keys are gone before anything is written. */
  async function fallBack(engaged: KillSwitchState, error: unknown): Promise<void> {
    gate.close();
    state = engaged;
    try {
      wipeKeys();
    } catch (failure) {
      logger.error({ error: String(failure) }, 'The keystore could not be locked');
    }
    try {
      await storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        await writeKillSwitch(db, engaged, now);
        const why = isWaiaasError(error) ? error.code : 'INTERNAL_ERROR';
        await appendAudit(db, now, { event: 'KILL_SWITCH_RECOVERY_FAILED', actor: 'system', details: { why } });
      });
    } catch (failure) {
      // The stored RECOVERING counts as engaged, too; the next start says so.
      logger.error({ error: String(failure) }, 'That a recovery failed could not be stored');
    }
  }

  return {
    status: () => state.status,
    details: () => ({ activatedAt: state.activatedAt, reason: state.reason, actor: state.actor }),

    activate(reason, origin) {
      const turn = activating.then(() => engage(reason, origin));
      activating = turn.catch(() => undefined);
      return turn;
    },

    async recover(request) {
      if (state.status === 'NORMAL') throw new WaiaasError('KILL_SWITCH_NOT_ACTIVE');
      if (state.status === 'RECOVERING') {
        throw new WaiaasError('KILL_SWITCH_ACTIVE', { message: 'Another recovery is under way.' });
      }
      const engaged = state;
      state = { ...engaged, status: 'RECOVERING' };
      try {
        await storage.write(async ({ db }) => {
          const now = unixSeconds(clock);
          request.origin.confirmCredential();
          await writeKillSwitch(db, state, now);
          const origin = auditOrigin(request.origin);
          await appendAudit(db, now, { event: 'KILL_SWITCH_RECOVERY_STARTED', ...origin });
        });
        const origin = await withinTime(authorise(request));
        const audited = auditOrigin(origin);
        const report = await storage.write(async ({ db, notify }) => {
          const now = unixSeconds(clock);
          await confirmOrigin(db, sealer, origin);
          if ((await storedStatus(db)) !== 'RECOVERING') throw new WaiaasError('KILL_SWITCH_ACTIVE');
          const agentsReactivated = await reactivate(db, now, audited);
          await writeKillSwitch(db, NORMAL, now);
          const details = { agentsReactivated, engagedSince: engaged.activatedAt, reason: engaged.reason };
          await appendAudit(db, now, { event: 'KILL_SWITCH_RECOVERED', ...audited, details });
          const recoveredAt = isoTime(clock.now());
          await notify({ event: 'KILL_SWITCH_RECOVERED', by: audited.actor, agentsReactivated, recoveredAt });
          return { recovered: true, timestamp: recoveredAt, agentsReactivated } as const;
        });
        await takeUp();
        state = NORMAL;
        gate.open();
        logger.warn({ agentsReactivated: report.agentsReactivated }, 'Recovered from the kill switch');
        return report;
      } catch (error) {
        await fallBack(engaged, error);
        throw error;
      }
    },
  };
}
