import { createFakeLedger, createNonceLedger, type FakeLedger, type NonceLedger } from '@waiaas/fake-chain';

/** How transactions of a ledger end that do not land: by their last block (Solana), or by another one with their nonce (EVM). */
export const LEDGER_KINDS = ['blockhashes', 'nonces'] as const;
/** How transactions of a ledger end that do not land. */
export type LedgerKind = (typeof LEDGER_KINDS)[number];

/** What blocks of a ledger with nonces want at most. */
export const HIGHEST_PRICE = 60n;

/** The ledger of a run. */
export interface SimulatedLedger {
  readonly truth: FakeLedger;
  /** The same, where its transactions have nonces. */
  readonly nonces: NonceLedger | null;
}

/** Makes a ledger of a kind. */
export function createSimulatedLedger(kind: LedgerKind): SimulatedLedger {
  if (kind === 'blockhashes') return { truth: createFakeLedger(), nonces: null };
  const nonces = createNonceLedger();
  return { truth: nonces, nonces };
}

/** The kind of ledger that a seed has where nobody says: every third one has nonces. */
export const kindOfSeed = (seed: number): LedgerKind => (seed % 3 === 0 ? 'nonces' : 'blockhashes');
