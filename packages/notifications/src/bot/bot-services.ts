import type { KillSwitchStatus, PendingApproval } from '@waiaas/core';
import type { RequestOrigin } from '@waiaas/management';

/** How the daemon is, as the bot tells it. */
export interface BotStatus {
  readonly killSwitch: KillSwitchStatus;
  /** Agents that may pay, and all there are. */
  readonly agents: { readonly active: number; readonly total: number };
  readonly sessions: number;
  readonly waiting: number;
  /** What the wallets of all agents hold together of each native asset, in words. */
  readonly balances: readonly string[];
  /** Wallets whose balance could not be read in time. */
  readonly unread: number;
  /** Seconds. */
  readonly uptime: number;
}

/** A session that can be used. */
export interface BotSession {
  readonly id: string;
  readonly agentName: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/**
 * What the owner can do from a chat (05 §5.6): look, and stop. Nothing here lets a payment happen, opens a session, changes
 * a rule or recovers from the kill switch; that takes the owner's wallet, the master password, or both.
 *
 * Everything is checked by the services themselves, as for any other caller; each refuses with the errors of the catalogue.
 */
export interface BotServices {
  killSwitch(): KillSwitchStatus;
  status(): Promise<BotStatus>;
  /** The ones that end first, and how many there are beside. */
  sessions(limit: number): Promise<{ readonly sessions: readonly BotSession[]; readonly more: boolean }>;
  revokeSession(sessionId: string, origin: RequestOrigin): Promise<void>;
  /** Payments that wait, the oldest first. */
  waiting(limit: number): Promise<{ readonly payments: readonly PendingApproval[]; readonly more: boolean }>;
  /** Ends a payment that waits. */
  reject(txId: string, origin: RequestOrigin): Promise<void>;
  /**
   * Notes that the owner means to approve a payment. It stays queued: only a signature of the owner's wallet lets it happen,
   * and it expires as it would have.
   * @returns until when it can be signed, ISO 8601
   */
  preApprove(txId: string, origin: RequestOrigin): Promise<{ readonly expiresAt: string }>;
  /** Engages the kill switch. */
  activateKillSwitch(
    reason: string,
    origin: RequestOrigin,
  ): Promise<{
    readonly sessionsRevoked: number;
    readonly transactionsCancelled: number;
    readonly agentsSuspended: number;
  }>;
}
