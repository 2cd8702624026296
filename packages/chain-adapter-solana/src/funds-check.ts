import { ChainError } from '@waiaas/core';
import type { AccountFacts } from './account-lookup.ts';
import { isTokenProgram, SYSTEM_PROGRAM } from './programs.ts';

/** Numbers a payment is judged by, all in lamports. */
export interface FundsFacts {
  readonly sender: AccountFacts;
  /** What is paid of the native asset: 0 when a token is paid. */
  readonly amount: bigint;
  /** Network fee, and the rent of what has to be created. */
  readonly fee: bigint;
  /** Rent-exempt minimum of a wallet. */
  readonly rent: bigint;
  /** What comes back when an account is closed at the end. */
  readonly returned?: bigint;
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
 * Checks the sender's lamports (02 §12): enough for amount and fee, and the sender is left with nothing or with the
 * rent-exempt minimum.
 * @throws ChainError INSUFFICIENT_BALANCE with `reason`, `required`, `available`, `fee` and `rent`: what the sender must hold
 * and holds
 */
export function checkFunds(facts: FundsFacts): void {
  const { sender, amount, fee, rent, returned = 0n } = facts;
  const spent = amount + fee;
  if (sender.lamports < spent) throw lacking('balance', spent, sender.lamports, facts);
  const left = sender.lamports - spent + returned;
  if (left !== 0n && left < rent) throw lacking('sender_rent', spent + rent, sender.lamports, facts);
}

/**
 * Checks that a recipient of lamports ends with at least the rent-exempt minimum (02 §12).
 * @throws ChainError INSUFFICIENT_BALANCE as `checkFunds`, with what the recipient must hold and would
 */
export function checkReceivable(recipient: AccountFacts, facts: FundsFacts): void {
  const received = recipient.lamports + facts.amount;
  if (received < facts.rent) throw lacking('recipient_rent', facts.rent, received, facts);
}

function problemOf({ executable, owner }: AccountFacts): string | null {
  if (executable) return 'The recipient is a program';
  if (isTokenProgram(owner)) return 'The recipient is a token account or a mint, not a wallet';
  if (owner !== undefined && owner !== SYSTEM_PROGRAM) return 'The recipient is an account of a program, not a wallet';
  return null;
}

/**
 * Refuses recipients that exist and are no wallets: programs and their accounts, token accounts, mints (02 §13, §18).
 * @throws ChainError INVALID_ADDRESS.
 */
export function checkRecipient(recipient: AccountFacts): void {
  const message = problemOf(recipient);
  if (message === null) return;
  throw new ChainError({
    code: 'INVALID_ADDRESS',
    chain: 'solana',
    message,
    details: { field: 'to' },
    retryable: false,
    mayHaveLanded: false,
  });
}
