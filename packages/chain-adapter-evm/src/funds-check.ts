import type { Address } from 'viem';
import { type Account, committed } from './account.ts';
import type { Refuse } from './refuse.ts';

/** What a payment takes from a wallet. */
export interface Spending {
  /** Native: amount. Token: 0. Wei. */
  readonly value: bigint;
  /** Upper bound of the fee, wei. */
  readonly fee: bigint;
}

/**
 * Checks that a wallet can pay, on top of all that it has in flight: a pool that takes what it cannot execute would leave
 * the payment, and all behind it, waiting for money.
 * @throws ChainError INSUFFICIENT_BALANCE with exact numbers, wei.
 */
export function checkFunds(refuse: Refuse, { balance, inFlight }: Account, { value, fee }: Spending): void {
  const held = committed(inFlight).native;
  if (balance - held >= value + fee) return;
  throw refuse('INSUFFICIENT_BALANCE', 'The wallet holds less than amount and fee', {
    details: {
      available: balance.toString(),
      inFlight: held.toString(),
      amount: value.toString(),
      fee: fee.toString(),
      required: (value + fee + held).toString(),
    },
  });
}

/**
 * Checks that a wallet holds enough of a token, on top of what it has in flight.
 * @throws ChainError INSUFFICIENT_TOKEN_BALANCE with exact numbers, base units.
 */
export function checkTokenFunds(
  refuse: Refuse,
  { inFlight }: Account,
  { token, balance, amount }: { readonly token: Address; readonly balance: bigint; readonly amount: bigint },
): void {
  const held = committed(inFlight, token).token;
  if (balance - held >= amount) return;
  throw refuse('INSUFFICIENT_TOKEN_BALANCE', 'The wallet holds less of the token than the payment moves', {
    details: {
      token,
      available: balance.toString(),
      inFlight: held.toString(),
      required: (amount + held).toString(),
    },
  });
}
