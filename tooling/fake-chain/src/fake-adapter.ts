import {
  ChainError,
  type ConfirmationVerdict,
  type IChainAdapter,
  type SignedTransaction,
  type TransactionStatusReport,
  type TransferRequest,
} from '@waiaas/core';
import type { FakeLedger, LedgerTransfer } from './fake-ledger.ts';
import { type Fault, type FaultPlan, type NetworkCall, noFaults } from './faults.ts';

/** How the fake network behaves. */
export interface FakeAdapterOptions {
  readonly ledger: FakeLedger;
  readonly faults?: FaultPlan;
  /** Blocks until an accepted transaction lands. Default 0: at once. */
  readonly landsAfter?: number;
  /** Blocks a transaction may wait. Default 150. */
  readonly lifetime?: number;
  /** Called before every call that reaches the network: for delays, counting, killing. */
  readonly onCall?: (call: NetworkCall) => Promise<void> | void;
  /** Lets the time pass that a node takes which does not answer. Without it, `no-answer` fails at once. */
  readonly sleep?: (ms: number) => Promise<void>;
  /** Called when a node takes a transaction it had not seen before. */
  readonly onTaken?: (hash: string, fault: Fault | undefined) => void;
}

/** Fee of every fake transaction, base units. */
export const FAKE_FEE = 5000n;

/** The time-out of a call, ms: what `no-answer` takes. */
const TIMEOUT = 10_000;

/** Blocks after which a `late` transaction lands: within its lifetime, or it would be no more than `dropped`. */
const lateness = (lifetime: number): number => Math.floor((lifetime * 3) / 4);

/** Faults whose call took effect although the caller gets an error. */
const UNHEARD: ReadonlySet<Fault | undefined> = new Set<Fault>(['lost-answer', 'no-answer', 'garbled-answer']);

const network = (mayHaveLanded: boolean): ChainError =>
  new ChainError({ code: 'NETWORK_ERROR', chain: 'solana', message: 'The connection was reset', mayHaveLanded });

const decode = (bytes: Uint8Array): LedgerTransfer & { memo: string | null } => {
  const { from, to, amount, lastValidBlockHeight, memo } = JSON.parse(new TextDecoder().decode(bytes));
  return { from, to, amount: BigInt(amount), fee: FAKE_FEE, lastValidBlockHeight: BigInt(lastValidBlockHeight), memo };
};

/**
 * The adapter contract over a ledger in memory. Signatures are those of the sign function it is given; the hash of a
 * transaction is its signature in hex. Every call can be made to fail, before or after it took effect.
 */
export function createFakeAdapter(options: FakeAdapterOptions): IChainAdapter {
  const { ledger, faults = noFaults, landsAfter = 0, lifetime = 150, onCall, sleep, onTaken } = options;
  let connected = true;
  let nonce = 0;

  async function reach(call: NetworkCall): Promise<Fault | undefined> {
    await onCall?.(call);
    if (!connected)
      throw new ChainError({ code: 'RPC_ERROR', chain: 'solana', message: 'Call connect first', retryable: false });
    const fault = faults(call);
    if (fault === 'lost-request') throw network(true);
    if (fault === 'no-answer') await sleep?.(TIMEOUT);
    if (fault === 'rate-limited') throw new ChainError({ code: 'RPC_ERROR', chain: 'solana', message: 'HTTP 429' });
    return fault;
  }

  /** The error of a call that took effect and whose answer did not arrive. */
  const unheard = (fault: Fault | undefined, mayHaveLanded: boolean): ChainError | null => {
    if (!UNHEARD.has(fault)) return null;
    if (fault !== 'garbled-answer') return network(mayHaveLanded);
    return new ChainError({
      code: 'RPC_ERROR',
      chain: 'solana',
      message: 'The answer could not be read',
      mayHaveLanded,
    });
  };

  function statusOf(hash: string, fault: Fault | undefined): TransactionStatusReport {
    const landing = ledger.landing(hash);
    if (fault === 'forked-node' && ledger.accepted.has(hash)) {
      return { state: 'landed', commitment: 'processed', blockNumber: ledger.height, error: null };
    }
    const isTooRecent = fault === 'lagging-node' && landing !== undefined && ledger.height - landing.height < 64n;
    if (landing === undefined || isTooRecent) return { state: 'not_found' };
    const commitment = landing.height <= ledger.finalizedHeight ? 'finalized' : 'confirmed';
    return { state: 'landed', commitment, blockNumber: landing.height, error: landing.error };
  }

  return {
    chain: 'solana',
    network: 'localnet',
    connect: async () => {
      connected = true;
    },
    disconnect: async () => {
      connected = false;
    },
    isConnected: () => connected,
    getHealth: async () => ({ healthy: connected, latency: connected ? 0 : -1 }),
    isValidAddress: (address) => /^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(address),

    async getBalance(address) {
      const error = unheard(await reach('getBalance'), true);
      if (error !== null) throw error;
      return { address, balance: ledger.balanceOf(address), decimals: 9, symbol: 'SOL' };
    },

    async buildTransaction(request: TransferRequest) {
      const fault = await reach('buildTransaction');
      if (UNHEARD.has(fault) || fault === 'refused') throw unheard(fault, false) ?? network(false);
      const lastValidBlockHeight = ledger.height + BigInt(lifetime);
      const message = {
        from: request.from,
        to: request.to,
        amount: request.amount.toString(),
        memo: request.memo ?? null,
        lastValidBlockHeight: lastValidBlockHeight.toString(),
        nonce: `${ledger.height}:${nonce++}`,
      };
      return {
        chain: 'solana',
        serialized: new TextEncoder().encode(JSON.stringify(message)),
        estimatedFee: FAKE_FEE,
        lastValidBlockHeight,
        request,
        metadata: {},
      };
    },

    async simulateTransaction(transaction) {
      const fault = await reach('simulateTransaction');
      const error = unheard(fault, false);
      if (error !== null) throw error;
      if (fault === 'refused') return { success: false, logs: ['refused'], error: 'Instruction 0: Custom error 1' };
      const { from, amount } = transaction.request;
      return ledger.balanceOf(from) >= amount + FAKE_FEE
        ? { success: true, logs: [] }
        : { success: false, logs: [], error: 'insufficient lamports', insufficientFunds: true };
    },

    async signTransaction(transaction, sign) {
      const signature = await sign(transaction.serialized);
      const bytes = new Uint8Array([...signature, ...transaction.serialized]);
      return {
        bytes,
        txHash: Buffer.from(signature).toString('hex'),
        ...(transaction.lastValidBlockHeight === undefined
          ? {}
          : { lastValidBlockHeight: transaction.lastValidBlockHeight }),
      };
    },

    async submitTransaction({ bytes, txHash }: SignedTransaction) {
      const fault = await reach('submitTransaction');
      const transfer = decode(bytes.subarray(64));
      if (fault === 'refused') {
        throw new ChainError({
          code: 'SUBMIT_FAILED',
          chain: 'solana',
          message: 'Refused by preflight',
          mayHaveLanded: false,
        });
      }
      if (fault === 'lagging-node' || transfer.lastValidBlockHeight < ledger.height) {
        throw new ChainError({ code: 'SOLANA_BLOCKHASH_EXPIRED', chain: 'solana', message: 'Blockhash not found' });
      }
      if (ledger.landing(txHash) !== undefined) return { txHash, alreadyProcessed: true };
      if (!ledger.accepted.has(txHash)) onTaken?.(txHash, fault);
      if (fault !== 'dropped') ledger.accept(txHash, transfer, fault === 'late' ? lateness(lifetime) : landsAfter);
      const error = unheard(fault, true);
      if (error !== null) throw error;
      return { txHash, alreadyProcessed: false };
    },

    async getTransactionStatus(txHash) {
      const fault = await reach('getTransactionStatus');
      if (UNHEARD.has(fault) || fault === 'refused') throw unheard(fault, true) ?? network(true);
      return statusOf(txHash, fault);
    },

    async waitForConfirmation(txHash, confirmation = {}): Promise<ConfirmationVerdict> {
      const fault = await reach('waitForConfirmation');
      if (UNHEARD.has(fault) || fault === 'refused') throw unheard(fault, true) ?? network(true);
      const bound = confirmation.lastValidBlockHeight;
      // A lagging node lags in its height as well, so what it does not know proves nothing.
      const finalizedBlockHeight = fault === 'lagging-node' ? ledger.finalizedHeight - 64n : ledger.finalizedHeight;
      const status = statusOf(txHash, fault);
      if (status.state === 'landed' && status.commitment === 'processed') return { verdict: 'unknown' };
      if (status.state === 'not_found') {
        return bound !== undefined && finalizedBlockHeight > bound
          ? { verdict: 'expired', finalizedBlockHeight }
          : { verdict: 'unknown' };
      }
      if (confirmation.target === 'finalized' && status.commitment !== 'finalized') return { verdict: 'unknown' };
      return status.error === null
        ? { verdict: 'confirmed', commitment: 'confirmed', blockNumber: status.blockNumber, fee: FAKE_FEE }
        : { verdict: 'failed', error: status.error, blockNumber: status.blockNumber, fee: FAKE_FEE };
    },

    estimateFee: async () => FAKE_FEE,
  };
}
