import {
  ChainError,
  type ConfirmationOptions,
  type ConfirmationVerdict,
  DECLINED,
  type IChainAdapter,
  type IReplacer,
  type ISweeper,
  type ITokenReader,
  isWalletAddress,
  type SignedVariant,
  type TransactionStatusReport,
  type TransferRequest,
  UNDERPRICED,
  type UnsignedTransaction,
} from '@waiaas/core';
import type { Fault } from './faults.ts';
import { dearerThan, FEE_PER_PRICE, type NonceLedger, type NonceTransfer } from './nonce-ledger.ts';
import {
  decodeNonceMessage,
  decodeSigned,
  encodeNonceMessage,
  isSameTransfer,
  type NonceTerms,
  termsOf,
  UNPLACED,
} from './nonce-message.ts';
import { createReach, type ReachOptions, UNHEARD, unheard } from './reach.ts';
import { checkAddress, checkRequest, refusal } from './request-check.ts';
import { readSigned, requireHash, signMessage } from './signed-bytes.ts';
import { checkToken, createSweeper, createTokenReader } from './tokens.ts';

/** How the network behaves, and who keeps the record. */
export interface NonceAdapterOptions extends ReachOptions {
  readonly ledger: NonceLedger;
  /** What is recorded as signed for a wallet and may still be sent: the next nonce is chosen by it. */
  readonly recorded: (address: string) => Promise<readonly SignedVariant[]>;
  /** Blocks until a transaction can land. Default 0. */
  readonly landsAfter?: number;
  /** Called when a node takes a transaction it had not seen before. */
  readonly onTaken?: (hash: string, fault: Fault | undefined) => void;
}

/** Most that anything offers. */
const MOST = 10_000n;
/** Blocks after which a `late` transaction lands. */
const LATE = 30;
const feeOf = (price: bigint): bigint => price * FEE_PER_PRICE;
const larger = (one: bigint, other: bigint): bigint => (one > other ? one : other);
const smaller = (one: bigint, other: bigint): bigint => (one < other ? one : other);

/** A transaction that the record has. */
type Recorded = NonceTransfer & NonceTerms & SignedVariant;

/** A wallet as ledger and record together have it. */
interface Account {
  /** The nonce that is due. */
  readonly due: number;
  /** What is recorded and has not been executed. */
  readonly inFlight: readonly Recorded[];
}

/** Most that transactions may still take of the native asset: of several with one nonce, only one can land. */
function committed(inFlight: readonly Recorded[]): bigint {
  const largest = new Map<number, bigint>();
  for (const { nonce, amount, token, price } of inFlight) {
    const cost = (token === null ? amount : 0n) + feeOf(price);
    largest.set(nonce, larger(largest.get(nonce) ?? 0n, cost));
  }
  return [...largest.values()].reduce((sum, cost) => sum + cost, 0n);
}

/**
 * The adapter contract over a ledger with nonces, as far as an EVM chain is one: nonces are chosen by the record, and what
 * the market has left behind is replaced. Addresses, signatures and the one chain there is are those of the other fake chain.
 */
export function createNonceAdapter(options: NonceAdapterOptions): IChainAdapter & ITokenReader & ISweeper & IReplacer {
  const { ledger, recorded, landsAfter = 0, onTaken } = options;
  const { reach, ask, connection } = createReach(options);
  /** Nonces of what was signed and is not on record yet, by hash; and hashes that were never handed to a node. */
  const reserved = new Map<string, { readonly from: string; readonly nonce: number }>();
  let signing: Promise<unknown> = Promise.resolve();
  let built = 0;

  async function accountOf(address: string): Promise<Account> {
    const record = (await recorded(address)).map(({ bytes, txHash }) => ({ ...decodeSigned(bytes), bytes, txHash }));
    const due = ledger.countOf(address);
    return { due, inFlight: record.filter(({ nonce }) => nonce >= due) };
  }

  /** The first nonce that is free: after what was executed, after what waits in pools, and neither recorded nor reserved. */
  function nextNonce(address: string, taken: readonly number[]): number {
    let nonce = ledger.pooledOf(address);
    while (taken.includes(nonce)) nonce += 1;
    return nonce;
  }

  const reservedOf = (address: string): number[] =>
    [...reserved.values()].filter(({ from }) => from === address).map(({ nonce }) => nonce);

  /** @throws ChainError SIGN_FAILED where something has its nonce of which whoever signs knows nothing */
  function checkPlace(
    { due, inFlight }: Account,
    nonce: number,
    { replaces, displaces = [] }: Pick<UnsignedTransaction, 'replaces' | 'displaces'>,
  ): void {
    const beside = inFlight.filter((each) => each.nonce === nonce);
    const isNamed = without(beside, [...(replaces ?? []), ...displaces]).length === 0;
    // What is replaced is on record; what is displaced may be only watched.
    const hasPlace =
      replaces === undefined
        ? displaces.some(({ bytes }) => decodeSigned(bytes).nonce === nonce)
        : without(beside, replaces).length < beside.length;
    if (nonce !== due || !hasPlace || !isNamed) throw refusal('SIGN_FAILED', 'Another one has its nonce');
  }

  async function place(transaction: UnsignedTransaction, sign: Parameters<IChainAdapter['signTransaction']>[1]) {
    const { chain, request, replaces, displaces } = transaction;
    if (chain !== 'solana') throw refusal('CHAIN_NOT_SUPPORTED', 'A transaction of another chain');
    const terms = termsOf({ ...transaction, serialized: Uint8Array.from(transaction.serialized) });
    if (terms === null) throw refusal('SIGN_FAILED', 'The transaction does not do what its request says');
    const before = reservedOf(request.from);
    const account = await accountOf(request.from);
    const hasPlace = replaces !== undefined || displaces !== undefined;
    if (hasPlace) checkPlace(account, terms.nonce, transaction);
    const taken = [...account.inFlight.map(({ nonce }) => nonce), ...before, ...reservedOf(request.from)];
    const nonce = hasPlace ? terms.nonce : nextNonce(request.from, taken);
    const signed = await signMessage(request.from, encodeNonceMessage(request, { ...terms, nonce }), sign);
    reserved.set(signed.txHash, { from: request.from, nonce });
    return { ...signed, nonce: BigInt(nonce), discard: () => void reserved.delete(signed.txHash) };
  }

  function unsigned(
    request: TransferRequest,
    terms: Omit<NonceTerms, 'salt'>,
    takesPlaceOf: Pick<UnsignedTransaction, 'replaces' | 'displaces'> = {},
  ): UnsignedTransaction {
    const complete = { ...terms, salt: `${ledger.height}:${built++}` };
    return {
      chain: 'solana',
      serialized: encodeNonceMessage(request, complete),
      estimatedFee: feeOf(terms.price),
      request: { ...request, ...(request.token === undefined ? {} : { token: { ...request.token } }) },
      metadata: { ...complete },
      ...takesPlaceOf,
    };
  }

  /** What a payment may offer at most. */
  const bound = ({ fee }: TransferRequest): bigint => (fee === undefined ? MOST : smaller(MOST, fee / FEE_PER_PRICE));

  /** Those of some variants that have the nonce that is due, if nothing else on record has it. What is only watched is on none. */
  function stuckOf(candidates: readonly SignedVariant[], { due, inFlight }: Account): readonly Recorded[] {
    const isNamed = without(inFlight, candidates).every(({ nonce }) => nonce !== due);
    const read = candidates.map(({ bytes, txHash }) => ({ ...decodeSigned(bytes), bytes, txHash }));
    return isNamed ? read.filter(({ nonce }) => nonce === due) : [];
  }

  /** What in flight is no variant of some. */
  const without = (inFlight: readonly Recorded[], signed: readonly SignedVariant[]): readonly Recorded[] =>
    inFlight.filter(({ txHash }) => !signed.some((each) => each.txHash === txHash));

  const displacingPrice = (stuck: readonly Recorded[]): bigint =>
    stuck.map(({ price }) => dearerThan(price)).reduce(larger, ledger.price);

  function statusOf(hash: string, fault: Fault | undefined): TransactionStatusReport {
    if (fault === 'forked-node' && ledger.isPooled(hash)) {
      return { state: 'landed', commitment: 'processed', blockNumber: ledger.height, error: null };
    }
    const landing = ledger.landing(hash);
    const isTooRecent = fault === 'lagging-node' && landing !== undefined && ledger.height - landing.height < 64n;
    if (landing === undefined || isTooRecent) return { state: 'not_found' };
    const commitment = landing.height <= ledger.finalizedHeight ? 'finalized' : 'confirmed';
    return { state: 'landed', commitment, blockNumber: landing.height, error: landing.error };
  }

  /** Whatever has used the nonce for good: the payment itself, be it by a variant that nobody asks about, or another one. */
  function provenByNonce({ bytes, place: told }: ConfirmationOptions): ConfirmationVerdict {
    const payment = bytes === undefined ? null : decodeSigned(bytes);
    const at = payment ?? (told === undefined ? null : { from: told.from, nonce: Number(told.nonce) });
    const use = at === null ? undefined : ledger.useOf(at.from, at.nonce);
    if (use === undefined || use.height > ledger.finalizedHeight) return { verdict: 'unknown' };
    const landed = use.hash === null ? undefined : ledger.accepted.get(use.hash);
    const isSame =
      landed !== undefined && payment !== null && isSameTransfer(payment, { ...landed, nonce: 0, price: 0n });
    return isSame && use.hash !== null
      ? verdictOf(use.hash, 'finalized', true)
      : { verdict: 'expired', finalizedBlockHeight: ledger.finalizedHeight };
  }

  function verdictOf(hash: string, commitment: 'confirmed' | 'finalized', isNamed: boolean): ConfirmationVerdict {
    const landing = ledger.landing(hash);
    if (landing === undefined) return { verdict: 'unknown' };
    const fee = ledger.accepted.get(hash)?.fee ?? 0n;
    const common = { blockNumber: landing.height, fee, ...(isNamed ? { txHash: hash } : {}) };
    return landing.error === null
      ? { verdict: 'confirmed', commitment, ...common }
      : { verdict: 'failed', error: landing.error, ...common };
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

    async buildTransaction(request) {
      checkRequest(request);
      await ask('buildTransaction', false);
      checkToken(ledger, request);
      const price = smaller(ledger.price, bound(request));
      if (price === 0n) throw refusal('BUILD_FAILED', 'The fee is below every price');
      return unsigned(request, { nonce: UNPLACED, price });
    },

    async buildReplacement(request, signed, refused = false, displaced = []) {
      await ask('buildTransaction', false);
      const [newest] = signed.map(({ bytes }) => decodeSigned(bytes));
      if (newest === undefined) throw refusal('SIGN_FAILED', 'Nothing was signed');
      const { due, inFlight } = await accountOf(request.from);
      if (newest.nonce !== due || (!refused && newest.price >= ledger.price)) return null;
      const price = larger(dearerThan(newest.price), ledger.price);
      if (price > bound(request)) throw new ChainError({ code: 'BUILD_FAILED', chain: 'solana', message: 'Too dear' });
      const held = displaced.length > 0 ? 0n : committed(inFlight.filter(({ nonce }) => nonce !== due));
      const native = newest.token === null ? newest.amount : 0n;
      if (ledger.balanceOf(request.from) < held + native + feeOf(price)) {
        throw refusal('INSUFFICIENT_BALANCE', 'The wallet holds too little for a higher fee');
      }
      const displaces = displaced.length === 0 ? {} : { displaces: displaced };
      return unsigned(request, { nonce: newest.nonce, price }, { replaces: signed, ...displaces });
    },

    async buildDisplacing(request, candidates) {
      await ask('buildTransaction', false);
      const account = await accountOf(request.from);
      const stuck = stuckOf(candidates, account);
      if (stuck.length === 0) return null;
      checkToken(ledger, request);
      const wanted = displacingPrice(stuck);
      const price = wanted <= bound(request) ? wanted : smaller(ledger.price, bound(request));
      return unsigned(request, { nonce: account.due, price }, { displaces: stuck });
    },

    async simulateTransaction({ request, serialized }) {
      const fault = await reach('simulateTransaction');
      const error = unheard(fault, false);
      if (error !== null) throw error;
      if (fault === 'refused') return { success: false, logs: ['refused'], error: 'execution reverted' };
      const { price } = decodeNonceMessage(serialized);
      const native = request.token === undefined ? request.amount : 0n;
      const holds =
        ledger.balanceOf(request.from) >= native + feeOf(price) &&
        (request.token === undefined || ledger.tokenBalanceOf(request.token.address, request.from) >= request.amount);
      return holds
        ? { success: true, logs: [] }
        : { success: false, logs: [], error: 'insufficient funds', insufficientFunds: true };
    },

    signTransaction(transaction, sign) {
      // One after the other: two that look for a nonce at once would find the same.
      const turn = signing.then(() => place(transaction, sign));
      signing = turn.catch(() => undefined);
      return turn;
    },

    async submitTransaction(signed) {
      const { txHash } = signed;
      // Signed here and never sent: no node can have it. By now it is on record, which holds its nonce.
      const isFresh = reserved.delete(txHash);
      const fault = await reach('submitTransaction');
      const transfer = readSigned(signed, decodeNonceMessage);
      if (ledger.landing(txHash) !== undefined) return { txHash, alreadyProcessed: true };
      const refuse = (code: 'SUBMIT_FAILED' | 'EVM_NONCE_TOO_LOW', reason?: string): ChainError =>
        new ChainError({
          ...{ code, chain: 'solana', message: 'The node refused it', mayHaveLanded: !isFresh },
          ...(reason === undefined ? {} : { details: { reason } }),
        });
      if (fault === 'refused') throw refuse('SUBMIT_FAILED', DECLINED);
      if (fault === 'lagging-node') throw behind();
      if (fault === 'dropped') onTaken?.(txHash, fault);
      else {
        const wasPooled = ledger.isPooled(txHash);
        const offer = ledger.offer(txHash, transfer, fault === 'late' ? LATE : landsAfter);
        if (offer === 'used') throw refuse('EVM_NONCE_TOO_LOW');
        if (offer === 'underpriced') throw refuse('SUBMIT_FAILED', UNDERPRICED);
        if (!wasPooled) onTaken?.(txHash, fault);
      }
      const error = unheard(fault, true);
      if (error !== null) throw error;
      return { txHash, alreadyProcessed: false };
    },

    async getTransactionStatus(txHash) {
      requireHash(txHash);
      return statusOf(txHash, await ask('getTransactionStatus'));
    },

    async waitForConfirmation(txHash, confirmation = {}) {
      requireHash(txHash);
      const fault = await reach('waitForConfirmation').catch((error: ChainError) => {
        if (error.retryable) return 'lost-answer' as const;
        throw error;
      });
      // A fault while waiting is no verdict; nor is what a node says that is behind.
      if (UNHEARD.has(fault) || fault === 'refused') return { verdict: 'unknown' };
      const { variants = [], target } = confirmation;
      for (const hash of [txHash, ...variants.map((variant) => variant.txHash)]) {
        const status = statusOf(hash, fault);
        if (status.state === 'not_found') continue;
        if (status.commitment === 'processed') return { verdict: 'unknown' };
        const mustBeFinal = target === 'finalized' || status.error !== null;
        if (mustBeFinal && status.commitment !== 'finalized') return { verdict: 'unknown' };
        return verdictOf(hash, status.commitment, variants.length > 0);
      }
      return fault === 'lagging-node' ? { verdict: 'unknown' } : provenByNonce(confirmation);
    },

    async estimateFee(request) {
      checkRequest(request);
      await ask('estimateFee', false);
      return feeOf(ledger.price);
    },

    ...createTokenReader(ledger, ask),
    ...createSweeper(ledger, ask),
    gasForLater: async () => feeOf(ledger.price),
    async quoteSweep({ from, to, keep, stuck: candidates = [] }) {
      checkAddress(from);
      checkAddress(to);
      await ask('quoteSweep');
      const account = await accountOf(from);
      const stuck = stuckOf(candidates, account);
      const others =
        stuck.length === 0 ? account.inFlight : account.inFlight.filter(({ nonce }) => nonce !== account.due);
      const fee = feeOf(stuck.length === 0 ? ledger.price : displacingPrice(stuck));
      const free = ledger.balanceOf(from) - fee - keep;
      if (free <= 0n) return null;
      const beside = free - committed(others);
      if (beside > 0n) return { amount: beside, fee };
      // What is stuck after the one that is due makes way, too, where it may take all that there is.
      const held = committed(stuck.length === 0 ? others : without(others, candidates));
      if (free > held) return { amount: free - held, fee };
      throw refusal('INSUFFICIENT_BALANCE', 'What is under way may take all that the wallet holds');
    },
  };
}

/** The error of a node that is behind: it may have handed the transaction on all the same. */
const behind = (): ChainError =>
  new ChainError({ code: 'RPC_ERROR', chain: 'solana', message: 'The node is behind', mayHaveLanded: true });
