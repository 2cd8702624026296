import { type Address, address } from '@solana/kit';
import { ChainError, type ChainErrorCode, type TokenInfo } from '@waiaas/core';
import type { AccountFacts } from './account-lookup.ts';
import { associatedAccount } from './associated-account.ts';
import type { FoundEmptied } from './emptied-account.ts';
import { heldAccounts } from './held-accounts.ts';
import type { Mint } from './mint-lookup.ts';
import type { NodeView } from './node-view.ts';
import { isTokenProgram, type TokenProgram } from './programs.ts';
import type { CheckedRequest } from './request-check.ts';
import { refusedAccountExtension } from './token-extensions.ts';
import { associatedAccountBytes, readTokenAccount, type TokenAccountLayout } from './token-layout.ts';

/** Accounts and program a token payment goes through. */
export interface TokenRoute {
  readonly program: TokenProgram;
  readonly mint: Address;
  readonly decimals: number;
  /** Account of the sender's that is debited. */
  readonly source: Address;
  /** The recipient's associated account. */
  readonly destination: Address;
  /** Whether the payment has to create the recipient's account first. */
  readonly createsDestination: boolean;
}

/** A route, and what was found on it. */
export interface FoundRoute {
  readonly route: TokenRoute;
  /** Lamports that creating the recipient's account takes; 0 when it exists. */
  readonly rent: bigint;
  /** What the sender's account holds. */
  readonly held: bigint;
  readonly isSourceFrozen: boolean;
}

const refuse = (code: ChainErrorCode, message: string, details: Readonly<Record<string, unknown>>): ChainError =>
  new ChainError({ code, chain: 'solana', message, details, retryable: false, mayHaveLanded: false });

function checkToken(mint: Mint, token: TokenInfo): void {
  if (token.decimals === mint.decimals) return;
  throw refuse('INVALID_TOKEN', 'The token has other decimals than the request says', {
    mint: mint.address,
    decimals: mint.decimals,
    requested: token.decimals,
  });
}

/** The account of a wallet for a token, at the address where it belongs; null when what is there is no such account. */
function accountOf(facts: AccountFacts, mint: Mint, owner: Address): TokenAccountLayout | null {
  const account = facts.owner === mint.program ? readTokenAccount(mint.program, facts.data) : null;
  return account !== null && account.mint === mint.address && account.owner === owner ? account : null;
}

/** Judges what is at the recipient's associated address. Nothing, or lamports alone, does not stand in the way. */
function checkDestination(facts: AccountFacts, account: TokenAccountLayout | null, mint: Mint): void {
  if (account === null) {
    if (!isTokenProgram(facts.owner)) return;
    // A token account can be given away: what is paid into it would go to whoever has it now.
    throw refuse('INVALID_ADDRESS', "The recipient's account of this token belongs to somebody else", { field: 'to' });
  }
  if (account.isFrozen) {
    throw refuse('TOKEN_ACCOUNT_FROZEN', "The recipient's account of this token is frozen", {
      mint: mint.address,
      field: 'to',
    });
  }
  const extension = refusedAccountExtension(account.extensions);
  if (extension === undefined) return;
  throw refuse('UNSUPPORTED_TOKEN', `The recipient's account of this token has the extension ${extension}`, {
    mint: mint.address,
    field: 'to',
    extension,
  });
}

interface Source {
  readonly address: Address;
  readonly amount: bigint;
  readonly isFrozen: boolean;
}

/**
 * The account to pay from: the associated one; when that holds too little, the fullest of the sender's others, if it holds
 * more. The chain lets only their owner's signature move them.
 */
async function chooseSource(
  view: NodeView,
  from: Address,
  mint: Mint,
  associated: Source,
  needed: bigint,
): Promise<Source> {
  if (!associated.isFrozen && associated.amount >= needed) return associated;
  const held = await heldAccounts(view.session, view.readMs, from, { mint: mint.address });
  const usable = held.filter(({ isFrozen, program }) => !isFrozen && program === mint.program);
  const [fullest] = usable.toSorted((a, b) => (a.amount < b.amount ? 1 : -1));
  return fullest !== undefined && (associated.isFrozen || fullest.amount > associated.amount) ? fullest : associated;
}

/**
 * Finds the way of a token payment (02 §13): what the token is, which account is debited, which is credited and whether it has
 * to be created. The account debited is the one to be emptied, where there is such a one. The recipient's side is judged here, the sender's by `checkTokenFunds`.
 * @throws ChainError INVALID_TOKEN, UNSUPPORTED_TOKEN, TOKEN_ACCOUNT_FROZEN, INVALID_ADDRESS, RPC_ERROR, NETWORK_ERROR
 */
export async function findTokenRoute(
  view: NodeView,
  { from, to, amount }: CheckedRequest,
  token: TokenInfo,
  emptied?: FoundEmptied,
): Promise<FoundRoute> {
  const mint = await view.mint(address(token.address));
  checkToken(mint, token);
  const { program } = mint;
  const [own, destination] = await Promise.all([
    associatedAccount(from, mint.address, program),
    associatedAccount(to, mint.address, program),
  ]);
  const [ownFacts, destinationFacts, newAccountRent] = await Promise.all([
    view.accountData(own),
    view.accountData(destination),
    view.rent(associatedAccountBytes(program)),
  ]);
  const credited = accountOf(destinationFacts, mint, to);
  checkDestination(destinationFacts, credited, mint);
  const debited = accountOf(ownFacts, mint, from);
  const associated = { address: own, amount: debited?.amount ?? 0n, isFrozen: debited?.isFrozen ?? false };
  const source =
    emptied === undefined
      ? await chooseSource(view, from, mint, associated, amount)
      : { address: emptied.account, amount: emptied.layout.amount, isFrozen: emptied.layout.isFrozen };
  const createsDestination = credited === null;
  return {
    route: {
      program,
      mint: mint.address,
      decimals: mint.decimals,
      source: source.address,
      destination,
      createsDestination,
    },
    // Lamports that somebody may have sent there make it cheaper, never dearer.
    rent: createsDestination ? newAccountRent : 0n,
    held: source.amount,
    isSourceFrozen: source.isFrozen,
  };
}

/**
 * Checks that the sender can pay this much of a token.
 * @throws ChainError TOKEN_ACCOUNT_FROZEN; INSUFFICIENT_TOKEN_BALANCE with `required` and `available`, which is what the
 * fullest of the sender's accounts holds: a payment is made from one
 */
export function checkTokenFunds({ route, held, isSourceFrozen }: FoundRoute, amount: bigint): void {
  if (isSourceFrozen) {
    throw refuse('TOKEN_ACCOUNT_FROZEN', "The sender's account of this token is frozen", {
      mint: route.mint,
      field: 'from',
    });
  }
  if (held >= amount) return;
  throw refuse('INSUFFICIENT_TOKEN_BALANCE', 'The wallet holds less of the token than the payment moves', {
    mint: route.mint,
    required: amount,
    available: held,
  });
}
