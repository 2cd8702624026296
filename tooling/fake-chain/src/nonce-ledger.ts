import { createFakeLedger, type FakeLedger, type LedgerTransfer } from './fake-ledger.ts';

/** A transfer as a ledger with nonces executes it. */
export interface NonceTransfer extends Omit<LedgerTransfer, 'fee' | 'lastValidBlockHeight'> {
  readonly nonce: number;
  /** What it offers: it lands in no block that wants more. */
  readonly price: bigint;
}

/** What becomes of a transaction that is handed to a node. */
export type Offer =
  /** A node has it now, or had it already. */
  | 'taken'
  /** It was executed before. */
  | 'executed'
  /** Another one has its nonce for good. */
  | 'used'
  /** It offers too little: for any node, or for one that has another one with its nonce. */
  | 'underpriced';

/** Who has used a nonce, and in which block. */
export interface NonceUse {
  /** Null for a transaction that nobody here has signed. */
  readonly hash: string | null;
  readonly height: bigint;
}

/**
 * A ledger whose transactions have a place in the row of their wallet, and no end of their own: one that offers less than
 * blocks want waits, and with it all of its wallet that come after it, until one with its nonce has landed.
 */
export interface NonceLedger extends FakeLedger {
  /** What blocks want. */
  price: bigint;
  /** How many transactions of a wallet were executed: the nonce that is due. */
  countOf(address: string): number;
  /** The first nonce of a wallet that no node knows of. */
  pooledOf(address: string): number;
  useOf(address: string, nonce: number): NonceUse | undefined;
  /** Whether nodes have it and it has not landed. */
  isPooled(hash: string): boolean;
  /** Hands a transaction to a node; it lands so many blocks later at the earliest. */
  offer(hash: string, transfer: NonceTransfer, after: number): Offer;
  /** Executes a transaction of a wallet that nobody here has signed. */
  useNonceOf(address: string): void;
}

/** Fee of a transaction that offers 1, base units. */
export const FEE_PER_PRICE = 500n;
/** Nodes take nothing that offers less than this part of what blocks want. */
const LEAST_PART = 4n;
const TIMES_DEARER = { numerator: 110n, denominator: 100n };

/** What nodes that have a transaction want at least for another one with its nonce. */
export const dearerThan = (price: bigint): bigint =>
  (price * TIMES_DEARER.numerator + TIMES_DEARER.denominator - 1n) / TIMES_DEARER.denominator;

interface Waiting {
  readonly hash: string;
  readonly transfer: NonceTransfer;
  /** Lands not before this height. */
  readonly from: bigint;
}

/** Makes a ledger at height 1,000 whose blocks want 10. */
export function createNonceLedger(): NonceLedger {
  const base = createFakeLedger();
  const pool = new Map<string, Waiting>();
  const executed = new Map<string, number>();
  const uses = new Map<string, NonceUse>();
  const placeOf = (address: string, nonce: number): string => `${address} ${nonce}`;
  const countOf = (address: string): number => executed.get(address) ?? 0;

  function use(address: string, hash: string | null): void {
    uses.set(placeOf(address, countOf(address)), { hash, height: base.height });
    pool.delete(placeOf(address, countOf(address)));
    executed.set(address, countOf(address) + 1);
  }

  /** Whether the next block takes it. */
  function isDue({ transfer, from }: Waiting): boolean {
    const { nonce, price, amount, token } = transfer;
    if (nonce !== countOf(transfer.from) || price < ledger.price || from > base.height) return false;
    const native = token === undefined || token === null ? amount : 0n;
    return base.balanceOf(transfer.from) >= native + price * FEE_PER_PRICE;
  }

  function mine(): void {
    for (let next: Waiting | undefined; ; ) {
      next = [...pool.values()].find(isDue);
      if (next === undefined) return;
      const { hash, transfer } = next;
      use(transfer.from, hash);
      base.accept(hash, { ...transfer, fee: transfer.price * FEE_PER_PRICE, lastValidBlockHeight: base.height }, 0);
    }
  }

  const ledger: NonceLedger = {
    ...base,
    price: 10n,
    get height() {
      return base.height;
    },
    get finalizedHeight() {
      return base.finalizedHeight;
    },
    advance(blocks) {
      for (let block = 0; block < blocks; block++) {
        base.advance(1);
        mine();
      }
    },
    countOf,
    pooledOf(address) {
      let nonce = countOf(address);
      while (pool.has(placeOf(address, nonce))) nonce += 1;
      return nonce;
    },
    useOf: (address, nonce) => uses.get(placeOf(address, nonce)),
    isPooled: (hash) => [...pool.values()].some((waiting) => waiting.hash === hash),
    offer(hash, transfer, after) {
      const { from, nonce, price } = transfer;
      if (base.landing(hash) !== undefined) return 'executed';
      if (nonce < countOf(from)) return 'used';
      const place = placeOf(from, nonce);
      const present = pool.get(place);
      if (present?.hash === hash) return 'taken';
      if (price * LEAST_PART < ledger.price) return 'underpriced';
      if (present !== undefined && price < dearerThan(present.transfer.price)) return 'underpriced';
      pool.set(place, { hash, transfer, from: base.height + BigInt(after) });
      return 'taken';
    },
    useNonceOf: (address) => use(address, null),
  };
  return ledger;
}
