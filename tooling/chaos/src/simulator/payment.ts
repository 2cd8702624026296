import type { AgentId, SessionId } from '@waiaas/core';

/** A payment that an agent of the simulation wants made, once, however often it asks. */
export interface WantedPayment {
  readonly number: number;
  readonly agentId: AgentId;
  readonly sessionId: SessionId;
  readonly to: string;
  readonly amount: bigint;
  /** Unlike that of any other: what lands is told apart by it. */
  readonly memo: string;
  readonly idempotencyKey: string | null;
}

/** The memo of a payment. */
export const memoOf = (number: number): string => `payment ${number}`;
