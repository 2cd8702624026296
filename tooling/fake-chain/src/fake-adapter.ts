import {
  ChainError,
  type ConfirmationVerdict,
  type IChainAdapter,
  type ISweeper,
  type ITokenReader,
  isWalletAddress,
  type SignBytes,
  type SignedTransaction,
  type TransactionStatusReport,
  type TransferRequest,
} from '@waiaas/core';
import type { FakeLedger, LedgerTransfer } from './fake-ledger.ts';
import { decodeMessage, encodeMessage, FAKE_FEE, isWhatWasAsked } from './fake-message.ts';
import { isSignedBy, isTransactionHash, SIGNATURE_BYTES } from './fake-signature.ts';
import { type Fault, type FaultPlan, type NetworkCall, noFaults } from './faults.ts';
import { checkAddress, checkRequest, refusal } from './request-check.ts';
import { checkToken, createSweeper, createTokenReader, holdsEnough } from './tokens.ts';

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

/** The time-out of a call, ms: what `no-answer` takes. */
const TIMEOUT = 10_000;

/** Blocks after which a `late` transaction lands: within its lifetime, or it would be no more than `dropped`. */
const lateness = (lifetime: number): number => Math.floor((lifetime * 3) / 4);

/** Faults whose call took effect although the caller gets an error. */
const UNHEARD: ReadonlySet<Fault | undefined> = new Set<Fault>(['lost-answer', 'no-answer', 'garbled-answer']);

const network = (mayHaveLanded: boolean): ChainError =>
  new ChainError({ code: 'NETWORK_ERROR', chain: 'solana', message: 'The connection was reset', mayHaveLanded });

function requireHash(txHash: string): void {
  if (!isTransactionHash(txHash)) throw refusal('RPC_ERROR', 'This is not a transaction id of the fake chain');
}

/** Takes signed bytes apart. @throws ChainError SUBMIT_FAILED when they are not the transaction they are said to be */
function readSigned({ bytes, txHash }: SignedTransaction): LedgerTransfer {
  if (Buffer.from(bytes.subarray(0, SIGNATURE_BYTES)).toString('hex') !== txHash) {
    throw refusal('SUBMIT_FAILED', 'The transaction id is not that of the signature');
  }
  try {
    return decodeMessage(bytes.subarray(SIGNATURE_BYTES));
  } catch (cause) {
    throw refusal('SUBMIT_FAILED', 'The bytes are not a transaction', { cause });
  }
}

async function signatureOf(sign: SignBytes, message: Uint8Array): Promise<Uint8Array> {
  try {
    return await sign(message);
  } catch (cause) {
    throw refusal('SIGN_FAILED', 'The keystore did not sign', { cause });
  }
}

/**
 * The adapter contract over a ledger in memory. Addresses and signatures are those of Solana; the hash of a transaction is
 * its signature in hex. Every call can be made to fail, before or after it took effect.
 */
export function createFakeAdapter(options: FakeAdapterOptions): IChainAdapter & ITokenReader & ISweeper {
  const { ledger, faults = noFaults, landsAfter = 0, lifetime = 150, onCall, sleep, onTaken } = options;
  let connected = true;
  let nonce = 0;

  async function reach(call: NetworkCall): Promise<Fault | undefined> {
    await onCall?.(call);
    if (!connected) throw refusal('RPC_ERROR', 'Call connect first');
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

  /** A call that only reads. */
  async function ask(call: NetworkCall): Promise<void> {
    const fault = await reach(call);
    if (UNHEARD.has(fault) || fault === 'refused') throw unheard(fault, true) ?? network(true);
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
    async getHealth() {
      if (!connected) return { healthy: false, latency: -1 };
      return { healthy: faults('getHealth') === undefined, latency: 0 };
    },
    isValidAddress: (address) => isWalletAddress('solana', address),

    async getBalance(address) {
      checkAddress(address);
      const error = unheard(await reach('getBalance'), true);
      if (error !== null) throw error;
      return { address, balance: ledger.balanceOf(address), decimals: 9, symbol: 'SOL' };
    },

    async buildTransaction(request: TransferRequest) {
      checkRequest(request);
      const fault = await reach('buildTransaction');
      if (UNHEARD.has(fault) || fault === 'refused') throw unheard(fault, false) ?? network(false);
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
      const signature = Uint8Array.from(await signatureOf(sign, message.slice()));
      if (!isSignedBy(request.from, message, signature)) {
        throw refusal('SIGN_FAILED', 'The signature is not one of the sender');
      }
      return {
        bytes: new Uint8Array([...signature, ...message]),
        txHash: Buffer.from(signature).toString('hex'),
        ...(lastValidBlockHeight === undefined ? {} : { lastValidBlockHeight }),
      };
    },

    async submitTransaction(signed: SignedTransaction) {
      const { txHash } = signed;
      const fault = await reach('submitTransaction');
      const transfer = readSigned(signed);
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
      const fault = await reach('getTransactionStatus');
      if (UNHEARD.has(fault) || fault === 'refused') throw unheard(fault, true) ?? network(true);
      return statusOf(txHash, fault);
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
      if (confirmation.target === 'finalized' && commitment !== 'finalized') return { verdict: 'unknown' };
      return error === null
        ? { verdict: 'confirmed', commitment, blockNumber, fee: FAKE_FEE }
        : { verdict: 'failed', error, blockNumber, fee: FAKE_FEE };
    },

    async estimateFee(request) {
      checkRequest(request);
      const fault = await reach('estimateFee');
      if (UNHEARD.has(fault) || fault === 'refused') throw unheard(fault, false) ?? network(false);
      return FAKE_FEE;
    },

    ...createTokenReader(ledger, ask),
    ...createSweeper(ledger, ask),
  };
}
