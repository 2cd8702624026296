import {
  ChainError,
  type ConfirmationVerdict,
  DECLINED,
  type IChainAdapter,
  type IReplacer,
  type ISweeper,
  type SignedVariant,
  type TransferRequest,
  UNDERPRICED,
  type UnsignedTransaction,
} from '@waiaas/core';
import type { TokenAdapter } from './world.ts';

/** A transaction of the chain. */
export interface NonceTransaction {
  readonly from: string;
  readonly to: string;
  readonly amount: string;
  readonly nonce: number;
  readonly price: number;
}

/**
 * A chain in memory on which transactions have a nonce and a price, and no end of their own: one that offers less than the
 * chain's price waits, and so do all of its wallet that come after it. It lives longer than the worlds that use it.
 */
export interface NonceChain {
  /** What a transaction must offer to be taken into a block. */
  price: number;
  /** What a transaction may offer at most. */
  most: number;
  /** What nodes turn away whatever offers less. */
  turnsAway: number;
  /** Whether what is sent is lost on the way. */
  loses: boolean;
  /** Whether nodes answer what they are handed; where not, they may have it. */
  answers: boolean;
  /** What nodes turn away for good, which proves nothing. */
  declines: (transaction: NonceTransaction) => boolean;
  /** Whether what is under way may take all that a wallet holds. */
  isTaken: boolean;
  /** Whether nodes refuse what they are handed. They may keep it all the same. */
  refuses: boolean;
  /** Everything that was ever signed, by its hash. */
  readonly signed: ReadonlyMap<string, NonceTransaction>;
  /** What nodes were handed, in order. */
  readonly sent: readonly string[];
  /** What was executed, in order. */
  readonly landed: readonly string[];
  balanceOf(address: string): bigint;
  /** Makes a block. */
  mine(): void;
  /** Lets the pools forget everything. */
  forget(): void;
  /** Executes a transaction of a wallet that nobody here has signed. */
  useNonceOf(address: string): void;
  /** Hands a transaction to a node, as anybody may who has its bytes. @throws ChainError */
  submit(txHash: string): void;
  /** Executes a transaction against all rules. */
  land(txHash: string): void;
  /**
   * The adapter of a world: over this chain instead of the fake ledger.
   * @param record what was signed for a wallet and may still be sent, from which the next nonce is chosen; left out, the adapter
   *   counts by itself
   */
  adapter(
    world: TokenAdapter,
    record?: (address: string) => Promise<readonly SignedVariant[]>,
  ): IChainAdapter & IReplacer;
}

const SIGNATURE_BYTES = 64;
const hashOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, SIGNATURE_BYTES)).toString('hex');
const read = (message: Uint8Array): NonceTransaction => JSON.parse(new TextDecoder().decode(message));
const write = (transaction: NonceTransaction): Uint8Array => new TextEncoder().encode(JSON.stringify(transaction));
const refusal = (
  code: 'SUBMIT_FAILED' | 'BUILD_FAILED' | 'EVM_NONCE_TOO_LOW' | 'SIGN_FAILED' | 'RPC_ERROR' | 'INSUFFICIENT_BALANCE',
  extra: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
): ChainError =>
  new ChainError({
    code,
    chain: 'solana',
    message: code,
    mayHaveLanded: code === 'EVM_NONCE_TOO_LOW' || code === 'RPC_ERROR',
    ...extra,
  });

const isSamePayment = (one: NonceTransaction, other: NonceTransaction): boolean =>
  one.from === other.from && one.nonce === other.nonce && one.to === other.to && one.amount === other.amount;

export function createNonceChain(): NonceChain {
  const signed = new Map<string, NonceTransaction>();
  const sent: string[] = [];
  const landed: string[] = [];
  const executed = new Map<string, number>();
  const given = new Map<string, number>();
  const balances = new Map<string, bigint>();
  /** By sender and nonce: the dearest that a node was handed. */
  const pool = new Map<string, string>();
  const executedOf = (address: string): number => executed.get(address) ?? 0;

  function known(hash: string): NonceTransaction {
    const transaction = signed.get(hash);
    if (transaction === undefined) throw new Error('Nobody has signed this');
    return transaction;
  }

  /**
   * @param place sender and nonce that the transactions have in common; without them nobody can say that none will land
   * @param hasBytes whether what they do is known, too
   */
  function verdictOn(
    hashes: readonly string[],
    place: { from: string; nonce: number } | null,
    hasBytes: boolean,
  ): ConfirmationVerdict {
    const found = hashes.find((hash) => landed.includes(hash));
    if (found !== undefined) {
      const which = hashes.length === 1 ? {} : { txHash: found };
      return { verdict: 'confirmed', commitment: 'finalized', blockNumber: 1n, fee: 1n, ...which };
    }
    if (place === null) return { verdict: 'unknown' };
    const [first = ''] = hashes;
    // The same payment by a variant that whoever asks no longer knows of.
    const same = hasBytes ? landed.find((hash) => isSamePayment(known(hash), known(first))) : undefined;
    if (same !== undefined) {
      return { verdict: 'confirmed', commitment: 'finalized', blockNumber: 1n, fee: 1n, txHash: same };
    }
    return executedOf(place.from) > place.nonce
      ? { verdict: 'expired', finalizedBlockHeight: 1n }
      : { verdict: 'unknown' };
  }

  /** The next nonce by what was given so far. */
  const counted = (from: string): number => Math.max(given.get(from) ?? 0, executedOf(from));
  /** The first that was neither executed nor is in a pool or on record. */
  function free(from: string, recorded: readonly SignedVariant[]): number {
    const taken = new Set(recorded.map(({ txHash }) => known(txHash).nonce));
    let next = executedOf(from);
    while (taken.has(next) || pool.has(`${from} ${next}`)) next += 1;
    return next;
  }

  /** What of signed transactions has the nonce that is due. */
  const dueOf = (from: string, candidates: readonly SignedVariant[]): readonly SignedVariant[] =>
    candidates.filter(({ txHash }) => known(txHash).nonce === executedOf(from));
  /** What pools that have the dearest of them want of another one. */
  const above = (variants: readonly SignedVariant[]): number =>
    Math.ceil(Math.max(...variants.map(({ txHash }) => known(txHash).price)) * 1.125);

  const chain: NonceChain = {
    price: 10,
    most: 1_000_000,
    turnsAway: 0,
    loses: false,
    answers: true,
    declines: () => false,
    isTaken: false,
    refuses: false,
    signed,
    sent,
    landed,
    balanceOf: (address) => balances.get(address) ?? 0n,
    mine() {
      for (let before = -1; before !== landed.length; ) {
        before = landed.length;
        for (const [place, hash] of pool) {
          const { from, to, amount, nonce, price } = known(hash);
          if (nonce !== executedOf(from) || price < chain.price) continue;
          pool.delete(place);
          landed.push(hash);
          executed.set(from, nonce + 1);
          balances.set(to, chain.balanceOf(to) + BigInt(amount));
        }
      }
    },
    forget: () => pool.clear(),
    useNonceOf: (address) => void executed.set(address, executedOf(address) + 1),
    land: (txHash) => void landed.push(txHash),
    submit(txHash) {
      const { from, nonce, price } = known(txHash);
      sent.push(txHash);
      if (landed.includes(txHash)) return;
      if (executedOf(from) > nonce) throw refusal('EVM_NONCE_TOO_LOW');
      const place = `${from} ${nonce}`;
      const present = pool.get(place);
      const least = present === undefined ? 0 : known(present).price * 1.1;
      const isTooCheap = (present !== txHash && price < least) || price < chain.turnsAway;
      if (isTooCheap) throw refusal('SUBMIT_FAILED', { details: { reason: UNDERPRICED } });
      if (!chain.loses) pool.set(place, txHash);
    },
    adapter: (world, record) => ({
      ...world,
      isConnected: () => world.isConnected(),
      async buildTransaction(request: TransferRequest): Promise<UnsignedTransaction> {
        const { from, to, amount } = request;
        return {
          chain: 'solana',
          serialized: write({ from, to, amount: amount.toString(), nonce: -1, price: chain.price }),
          estimatedFee: BigInt(chain.price),
          request,
          metadata: {},
        };
      },
      async simulateTransaction({ request }) {
        const { lastValidBlockHeight: _, ...built } = await world.buildTransaction(request);
        return world.simulateTransaction(built);
      },
      async signTransaction({ serialized, replaces, displaces }, sign) {
        const asked = read(serialized);
        const hasPlace = replaces !== undefined || displaces !== undefined;
        const next = record === undefined ? counted(asked.from) : free(asked.from, await record(asked.from));
        const message = write(hasPlace ? asked : { ...asked, nonce: next });
        let signature: Uint8Array;
        try {
          signature = await sign(message);
        } catch (cause) {
          throw refusal('SIGN_FAILED', { cause });
        }
        if (!hasPlace) given.set(asked.from, next + 1);
        const bytes = Uint8Array.from([...signature, ...message]);
        const transaction = read(message);
        signed.set(hashOf(bytes), transaction);
        return { bytes, txHash: hashOf(bytes), nonce: BigInt(transaction.nonce) };
      },
      async submitTransaction({ txHash }) {
        if (chain.refuses) throw refusal('SUBMIT_FAILED');
        if (chain.declines(known(txHash))) {
          sent.push(txHash);
          throw refusal('RPC_ERROR', { details: { reason: DECLINED } });
        }
        chain.submit(txHash);
        if (!chain.answers) throw refusal('RPC_ERROR');
        return { txHash, alreadyProcessed: landed.includes(txHash) };
      },
      async getTransactionStatus(txHash) {
        if (!landed.includes(txHash)) return { state: 'not_found' };
        return { state: 'landed', commitment: 'finalized', blockNumber: 1n, error: null };
      },
      async waitForConfirmation(txHash, { bytes, place, variants = [] } = {}) {
        const told = place === undefined ? null : { from: place.from, nonce: Number(place.nonce) };
        return verdictOn(
          [txHash, ...variants.map((variant) => variant.txHash)],
          bytes === undefined ? told : known(txHash),
          bytes !== undefined,
        );
      },
      async quoteSweep(sweep: Parameters<ISweeper['quoteSweep']>[0]) {
        const swept = landed.some((hash) => known(hash).from === sweep.from && known(hash).to === sweep.to);
        const quote = await world.quoteSweep(sweep);
        if (swept || quote === null) return null;
        if (chain.isTaken) throw refusal('INSUFFICIENT_BALANCE');
        const displaced = dueOf(sweep.from, sweep.stuck ?? []);
        // What it names as its fee is all that it leaves, so it can never be raised.
        const fee = BigInt(displaced.length === 0 ? chain.price : Math.max(chain.price, above(displaced)));
        return { fee, amount: displaced.length === 0 ? quote.amount : quote.amount - BigInt(above(displaced)) };
      },
      async buildDisplacing(request: TransferRequest, stuck: readonly SignedVariant[]) {
        const { from, to, amount } = request;
        const nonce = executedOf(from);
        const displaces = dueOf(from, stuck);
        const isSame = displaces.some(({ txHash }) => known(txHash).to === to && known(txHash).amount === `${amount}`);
        if (displaces.length === 0 || isSame) return null;
        const price = Math.max(chain.price, above(displaces));
        const serialized = write({ from, to, amount: amount.toString(), nonce, price });
        return { chain: 'solana', serialized, estimatedFee: BigInt(price), request, displaces, metadata: {} };
      },
      async buildReplacement(
        request: TransferRequest,
        replaces: readonly SignedVariant[],
        refused = false,
        displaced: readonly SignedVariant[] = [],
      ) {
        const [newest] = replaces.map(({ txHash }) => known(txHash));
        if (newest === undefined) throw new Error('Nothing was signed');
        if (executedOf(newest.from) !== newest.nonce || (!refused && newest.price >= chain.price)) return null;
        const price = Math.max(chain.price, Math.ceil(newest.price * 1.125));
        if (price > Math.min(chain.most, Number(request.fee ?? chain.most))) throw refusal('BUILD_FAILED');
        // As the record of the wallet has it: nothing else that was sent and is not named may have its nonce.
        const named = [...replaces, ...displaced].map(({ txHash }) => txHash);
        const others = sent.filter((hash) => known(hash).from === newest.from && known(hash).nonce === newest.nonce);
        if (!others.every((hash) => named.includes(hash))) throw refusal('SIGN_FAILED');
        const displaces = displaced.length === 0 ? {} : { displaces: displaced };
        const serialized = write({ ...newest, price });
        return {
          chain: 'solana',
          serialized,
          estimatedFee: BigInt(price),
          request,
          replaces,
          ...displaces,
          metadata: {},
        };
      },
    }),
  };
  return chain;
}
