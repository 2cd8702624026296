import {
  ChainError,
  type ConfirmationVerdict,
  type IChainAdapter,
  type ISweeper,
  type ITokenReader,
  isWalletAddress,
  type SignedTransaction,
  type TransactionStatusReport,
  type TransferRequest,
} from '@waiaas/core';
import type { FakeLedger } from './fake-ledger.ts';
import { decodeMessage, encodeMessage, FAKE_FEE, isWhatWasAsked } from './fake-message.ts';
import type { Fault } from './faults.ts';
import { createReach, type ReachOptions, UNHEARD, unheard } from './reach.ts';
import { checkAddress, checkRequest, refusal } from './request-check.ts';
import { readSigned, requireHash, signMessage } from './signed-bytes.ts';
import { checkToken, createSweeper, createTokenReader, holdsEnough } from './tokens.ts';

/** How the fake network behaves. */
export interface FakeAdapterOptions extends ReachOptions {
  readonly ledger: FakeLedger;
  /** Blocks until an accepted transaction lands. Default 0: at once. */
  readonly landsAfter?: number;
  /** Blocks a transaction may wait. Default 150. */
  readonly lifetime?: number;
  /** Called when a node takes a transaction it had not seen before. */
  readonly onTaken?: (hash: string, fault: Fault | undefined) => void;
}

/** Blocks after which a `late` transaction lands: within its lifetime, or it would be no more than `dropped`. */
const lateness = (lifetime: number): number => Math.floor((lifetime * 3) / 4);

/**
 * The adapter contract over a ledger in memory. Addresses and signatures are those of Solana; the hash of a transaction is
 * its signature in hex. Every call can be made to fail, before or after it took effect.
 */
export function createFakeAdapter(options: FakeAdapterOptions): IChainAdapter & ITokenReader & ISweeper {
  const { ledger, landsAfter = 0, lifetime = 150, onTaken } = options;
  const { reach, ask, connection } = createReach(options);
  let nonce = 0;

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
    ...connection,
    isValidAddress: (address) => isWalletAddress('solana', address),

    async getBalance(address) {
      checkAddress(address);
      const error = unheard(await reach('getBalance'), true);
      if (error !== null) throw error;
      return { address, balance: ledger.balanceOf(address), decimals: 9, symbol: 'SOL' };
    },

    async buildTransaction(request: TransferRequest) {
      checkRequest(request);
      await ask('buildTransaction', false);
      checkToken(ledger, request);
      const lastValidBlockHeight = ledger.height + BigInt(lifetime);
      const lifeSpan = { lastValidBlockHeight, nonce: `${ledger.height}:${nonce++}` };
      return {
        chain: 'solana',
        serialized: encodeMessage(request, lifeSpan),
        estimatedFee: FAKE_FEE,
        lastValidBlockHeight,
        request: { ...request, ...(request.token === undefined ? {} : { token: { ...request.token } }) },
        metadata: { nonce: lifeSpan.nonce },
      };
    },

    async simulateTransaction(transaction) {
      const fault = await reach('simulateTransaction');
      const error = unheard(fault, false);
      if (error !== null) throw error;
      if (fault === 'refused') return { success: false, logs: ['refused'], error: 'Instruction 0: Custom error 1' };
      return holdsEnough(ledger, transaction.request)
        ? { success: true, logs: [] }
        : { success: false, logs: [], error: 'insufficient funds', insufficientFunds: true };
    },

    async signTransaction(transaction, sign) {
      const { chain, request, lastValidBlockHeight } = transaction;
      const message = Uint8Array.from(transaction.serialized);
      if (chain !== 'solana') throw refusal('CHAIN_NOT_SUPPORTED', 'A transaction of another chain');
      if (!isWhatWasAsked({ ...transaction, serialized: message })) {
        throw refusal('SIGN_FAILED', 'The transaction does not do what its request says');
      }
      const signed = await signMessage(request.from, message, sign);
      return { ...signed, ...(lastValidBlockHeight === undefined ? {} : { lastValidBlockHeight }) };
    },

    async submitTransaction(signed: SignedTransaction) {
      const { txHash } = signed;
      const fault = await reach('submitTransaction');
      const transfer = readSigned(signed, decodeMessage);
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
      requireHash(txHash);
      return statusOf(txHash, await ask('getTransactionStatus'));
    },

    async waitForConfirmation(txHash, confirmation = {}): Promise<ConfirmationVerdict> {
      requireHash(txHash);
      const fault = await reach('waitForConfirmation').catch((error: ChainError) => {
        if (error.retryable) return 'lost-answer' as const;
        throw error;
      });
      // A fault while waiting is no verdict.
      if (UNHEARD.has(fault) || fault === 'refused') return { verdict: 'unknown' };
      const bound = confirmation.lastValidBlockHeight;
      // A lagging node lags in its height as well, so what it does not know proves nothing.
      const finalizedBlockHeight = fault === 'lagging-node' ? ledger.finalizedHeight - 64n : ledger.finalizedHeight;
      const status = statusOf(txHash, fault);
      if (status.state === 'not_found') {
        return bound !== undefined && finalizedBlockHeight > bound
          ? { verdict: 'expired', finalizedBlockHeight }
          : { verdict: 'unknown' };
      }
      const { commitment, blockNumber, error } = status;
      if (commitment === 'processed') return { verdict: 'unknown' };
      const mustBeFinal = confirmation.target === 'finalized' || error !== null;
      if (mustBeFinal && commitment !== 'finalized') return { verdict: 'unknown' };
      return error === null
        ? { verdict: 'confirmed', commitment, blockNumber, fee: FAKE_FEE }
        : { verdict: 'failed', error, blockNumber, fee: FAKE_FEE };
    },

    async estimateFee(request) {
      checkRequest(request);
      await ask('estimateFee', false);
      return FAKE_FEE;
    },

    ...createTokenReader(ledger, ask),
    ...createSweeper(ledger, ask),
  };
}
