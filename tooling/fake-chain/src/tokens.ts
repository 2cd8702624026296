import type { AssetBalance, Holding, ISweeper, ITokenReader, TokenInfo, TransferRequest } from '@waiaas/core';
import type { FakeLedger } from './fake-ledger.ts';
import { FAKE_FEE } from './fake-message.ts';
import type { NetworkCall } from './faults.ts';
import { checkAddress, refusal } from './request-check.ts';

/** @throws ChainError INVALID_TOKEN */
function findToken(ledger: FakeLedger, mint: string): TokenInfo {
  const token = ledger.tokenAt(mint);
  if (token === undefined) throw refusal('INVALID_TOKEN', 'There is no token at that address');
  return token;
}

/**
 * Checks a token payment against the ledger, as the real adapters do when they build one.
 * @throws ChainError INVALID_TOKEN, INSUFFICIENT_BALANCE, INSUFFICIENT_TOKEN_BALANCE
 */
export function checkToken(ledger: FakeLedger, { from, amount, token }: TransferRequest): void {
  if (token === undefined) return;
  if (findToken(ledger, token.address).decimals !== token.decimals) {
    throw refusal('INVALID_TOKEN', 'The token has other decimals');
  }
  if (ledger.isFrozen(token.address, from)) throw refusal('BUILD_FAILED', 'The account of the token is frozen');
  if (ledger.tokenBalanceOf(token.address, from) < amount) {
    throw refusal('INSUFFICIENT_TOKEN_BALANCE', 'The wallet does not hold enough of the token');
  }
  if (ledger.balanceOf(from) < FAKE_FEE) throw refusal('INSUFFICIENT_BALANCE', 'The wallet cannot pay the fee');
}

/** Whether a payment would go through now. */
export function holdsEnough(ledger: FakeLedger, { from, amount, token }: TransferRequest): boolean {
  if (token === undefined) return ledger.balanceOf(from) >= amount + FAKE_FEE;
  return ledger.balanceOf(from) >= FAKE_FEE && ledger.tokenBalanceOf(token.address, from) >= amount;
}

/** The token side of the fake adapter. `reach` is a call to the network, which may fail. */
export const createTokenReader = (
  ledger: FakeLedger,
  reach: (call: NetworkCall) => Promise<unknown>,
): ITokenReader => ({
  async getToken(address) {
    checkAddress(address);
    await reach('getToken');
    return { ...findToken(ledger, address) };
  },

  async getTokenBalance(address, token) {
    checkAddress(address);
    await reach('getTokenBalance');
    return ledger.tokenBalanceOf(findToken(ledger, token.address).address, address);
  },

  async listAssets(address) {
    checkAddress(address);
    await reach('listAssets');
    const held = ledger.tokens().flatMap((token): AssetBalance[] => {
      const balance = ledger.tokenBalanceOf(token.address, address);
      return balance === 0n ? [] : [{ token: { ...token }, balance, decimals: token.decimals, symbol: token.symbol }];
    });
    const largestFirst = held.toSorted((a, b) => (a.balance < b.balance ? 1 : a.balance > b.balance ? -1 : 0));
    return [{ balance: ledger.balanceOf(address), decimals: 9, symbol: 'SOL' }, ...largestFirst];
  },
});

/** The sweeping side of the fake adapter. A wallet holds its tokens itself: there are no accounts to close. */
export const createSweeper = (ledger: FakeLedger, reach: (call: NetworkCall) => Promise<unknown>): ISweeper => ({
  async listHoldings(address) {
    checkAddress(address);
    await reach('listHoldings');
    const held = ledger.tokens().map(
      (token): Holding => ({
        mint: token.address,
        token: { ...token },
        account: null,
        balance: ledger.tokenBalanceOf(token.address, address),
        wrapped: false,
        obstacle: ledger.isFrozen(token.address, address) ? 'FROZEN' : null,
      }),
    );
    const native = { mint: null, token: null, account: null, wrapped: false, obstacle: null };
    return [...held.filter(({ balance }) => balance > 0n), { ...native, balance: ledger.balanceOf(address) }];
  },
  gasForLater: async () => FAKE_FEE,
  async quoteSweep({ from, to, keep }) {
    checkAddress(from);
    checkAddress(to);
    await reach('quoteSweep');
    const amount = ledger.balanceOf(from) - FAKE_FEE - keep;
    return amount > 0n ? { amount, fee: FAKE_FEE } : null;
  },
});
