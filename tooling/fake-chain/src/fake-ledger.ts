import type { TokenInfo } from '@waiaas/core';

/** A transfer as the fake ledger executes it. */
export interface LedgerTransfer {
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly lastValidBlockHeight: bigint;
  readonly memo?: string | null;
  /** The mint of what is paid; absent or null: the native asset. The fee is native either way. */
  readonly token?: string | null;
}

/** What the ledger did with a transaction. */
export interface LedgerLanding {
  readonly height: bigint;
  /** Null when it moved the money. */
  readonly error: string | null;
}

/** Blocks between a block and its finality. */
const FINALITY = 32n;

/** A ledger in memory: the truth that verdicts are compared with. Time is block height and moves by `advance` only. */
export interface FakeLedger {
  readonly height: bigint;
  readonly finalizedHeight: bigint;
  advance(blocks: number): void;
  fund(address: string, amount: bigint): void;
  balanceOf(address: string): bigint;
  /** Puts a token on the ledger, or another one in its place at the same mint. */
  setToken(token: TokenInfo): void;
  tokenAt(mint: string): TokenInfo | undefined;
  /** Tokens in the order in which they were put on the ledger. */
  tokens(): readonly TokenInfo[];
  mint(mint: string, address: string, amount: bigint): void;
  tokenBalanceOf(mint: string, address: string): bigint;
  /** Forbids an address to move a token, or allows it again. */
  freeze(mint: string, address: string, frozen: boolean): void;
  isFrozen(mint: string, address: string): boolean;
  /** Takes a transaction; it lands `after` blocks later, unless its lifetime ends before. Taking it twice is taking it once. */
  accept(hash: string, transfer: LedgerTransfer, after: number): void;
  landing(hash: string): LedgerLanding | undefined;
  /** Every hash that was ever taken. */
  readonly accepted: ReadonlyMap<string, LedgerTransfer>;
}

/** Makes a ledger at height 1,000. */
export function createFakeLedger(): FakeLedger {
  let height = 1000n;
  const balances = new Map<string, bigint>();
  const tokens = new Map<string, TokenInfo>();
  const tokenBalances = new Map<string, bigint>();
  const frozen = new Set<string>();
  const accepted = new Map<string, LedgerTransfer>();
  const due = new Map<string, bigint>();
  const landings = new Map<string, LedgerLanding>();
  const balanceOf = (address: string): bigint => balances.get(address) ?? 0n;
  const tokenBalanceOf = (mint: string, address: string): bigint => tokenBalances.get(`${mint} ${address}`) ?? 0n;
  const addTokens = (mint: string, address: string, amount: bigint): void =>
    void tokenBalances.set(`${mint} ${address}`, tokenBalanceOf(mint, address) + amount);

  function executeToken({ from, to, amount }: LedgerTransfer, mint: string): string | null {
    if (!tokens.has(mint)) return 'no such mint';
    if (frozen.has(`${mint} ${from}`)) return 'account frozen';
    if (tokenBalanceOf(mint, from) < amount) return 'insufficient tokens';
    addTokens(mint, from, -amount);
    addTokens(mint, to, amount);
    return null;
  }

  function execute(transfer: LedgerTransfer): string | null {
    const left = balanceOf(transfer.from) - transfer.fee;
    if (left < 0n) return 'insufficient funds for fee';
    balances.set(transfer.from, left);
    if (transfer.token !== undefined && transfer.token !== null) return executeToken(transfer, transfer.token);
    if (left < transfer.amount) return 'insufficient funds';
    balances.set(transfer.from, left - transfer.amount);
    balances.set(transfer.to, balanceOf(transfer.to) + transfer.amount);
    return null;
  }

  function land(): void {
    for (const [hash, at] of due) {
      const transfer = accepted.get(hash);
      if (transfer === undefined || at > height) continue;
      due.delete(hash);
      if (at <= transfer.lastValidBlockHeight) landings.set(hash, { height: at, error: execute(transfer) });
    }
  }

  return {
    get height() {
      return height;
    },
    get finalizedHeight() {
      return height - FINALITY;
    },
    advance(blocks) {
      for (let block = 0; block < blocks; block++) {
        height += 1n;
        land();
      }
    },
    fund: (address, amount) => void balances.set(address, balanceOf(address) + amount),
    balanceOf,
    setToken: (token) => void tokens.set(token.address, token),
    tokenAt: (mint) => tokens.get(mint),
    tokens: () => [...tokens.values()],
    mint: addTokens,
    tokenBalanceOf,
    freeze: (mint, address, isFrozen) => {
      if (isFrozen) frozen.add(`${mint} ${address}`);
      else frozen.delete(`${mint} ${address}`);
    },
    isFrozen: (mint, address) => frozen.has(`${mint} ${address}`),
    accept(hash, transfer, after) {
      if (accepted.has(hash)) return;
      accepted.set(hash, transfer);
      due.set(hash, height + BigInt(after));
      land();
    },
    landing: (hash) => landings.get(hash),
    accepted,
  };
}
