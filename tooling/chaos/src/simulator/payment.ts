import type { AgentId, SessionId } from '@waiaas/core';

/** A payment that an agent of the simulation wants made, once, however often it asks. */
export interface WantedPayment {
  readonly number: number;
  readonly agentId: AgentId;
  readonly sessionId: SessionId;
  readonly to: string;
  readonly amount: bigint;
  /** The token that is paid; null for the native asset. */
  readonly mint: string | null;
  /** Unlike that of any other: what lands is told apart by it. */
  readonly memo: string;
  readonly idempotencyKey: string | null;
}

/** The one token there is. */
export const TOKEN = { address: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', decimals: 6, symbol: 'USDC' } as const;

/** The memo of a payment. */
export const memoOf = (number: number): string => `payment ${number}`;
