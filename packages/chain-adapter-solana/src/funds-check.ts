import { ChainError } from '@waiaas/core';
import type { AccountFacts } from './account-lookup.ts';
import { isTokenProgram } from './programs.ts';

/** Numbers a payment is judged by, all in lamports. */
export interface FundsFacts {
  readonly sender: AccountFacts;
  readonly recipient: AccountFacts;
  readonly amount: bigint;
  readonly fee: bigint;
  /** Rent-exempt minimum of a wallet. */
  readonly rent: bigint;
}

/** Which rule a payment breaks. */
export type FundsProblem = 'balance' | 'sender_rent' | 'recipient_rent';

const MESSAGES: Readonly<Record<FundsProblem, string>> = {
  balance: 'The wallet holds less than the amount and the fee',
  sender_rent: 'The wallet must be left with nothing or with the rent-exempt minimum',
  recipient_rent: 'The recipient would hold less than the rent-exempt minimum',
};

const lacking = (reason: FundsProblem, required: bigint, available: bigint, { fee, rent }: FundsFacts): ChainError =>
  new ChainError({
    code: 'INSUFFICIENT_BALANCE',
    chain: 'solana',
    message: MESSAGES[reason],
    details: { reason, required, available, fee, rent },
    retryable: false,
    mayHaveLanded: false,
  });

/**
 * Checks the money of a payment (02 §12): enough for amount and fee; the sender is left with nothing or the rent-exempt
 * minimum; the recipient ends with at least that minimum.
 * @throws ChainError INSUFFICIENT_BALANCE with `reason`, `required`, `available`, `fee` and `rent`: what the sender must
 * hold and holds, or with `recipient_rent` what the recipient must and would.
 */
export function checkFunds(facts: FundsFacts): void {
  const { sender, recipient, amount, fee, rent } = facts;
  const spent = amount + fee;
  if (sender.lamports < spent) throw lacking('balance', spent, sender.lamports, facts);
  const left = sender.lamports - spent;
  if (left !== 0n && left < rent) throw lacking('sender_rent', spent + rent, sender.lamports, facts);
  const received = recipient.lamports + amount;
  if (received < rent) throw lacking('recipient_rent', rent, received, facts);
}

/**
 * Refuses recipients that exist and are no wallets: programs, token accounts, mints (02 §18).
 * @throws ChainError INVALID_ADDRESS.
 */
export function checkRecipient(recipient: AccountFacts): void {
  const isToken = recipient.owner !== undefined && isTokenProgram(recipient.owner);
  if (!recipient.executable && !isToken) return;
  throw new ChainError({
    code: 'INVALID_ADDRESS',
    chain: 'solana',
    message: isToken ? 'The recipient is a token account or a mint, not a wallet' : 'The recipient is a program',
    details: { field: 'to' },
    retryable: false,
    mayHaveLanded: false,
  });
}
